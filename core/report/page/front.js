// The Pareto front: two of the measures against each other, and the front over the objectives.
function frontAxes() {
  // Of an objective that is a scaled metric, the metric itself says more; both can be chosen.
  const byName = name => measures.findIndex(column => column.kind === "metric" && column.name === name);
  const shown = search.objectives.map((objective, i) => byName(objective.name) < 0 ? i : byName(objective.name));
  const two = [shown[0], shown.length > 1 ? shown[1] : measures.findIndex((_, i) => i !== shown[0])];
  return two[1] < 0 ? [two[0], two[0]] : two;
}

function measureName(column) {
  const twice = measures.filter(other => other.name === column.name).length > 1;
  return twice && column.kind === "objective" ? `${column.name}, scaled` : column.name;
}

function drawFront() {
  const several = search.objectives.length > 1;
  const made = section(several ? "Pareto front" : "Two measures of each trial");
  const names = measures.map(measureName);
  let [first, second] = frontAxes();
  const row = made.append("div").attr("class", "row screen");
  const holder = made.append("div").attr("id", "front");
  made.append("p").attr("class", "hint").text(
      `${best.size} of ${search.trials.numbers.length} trials are the best${several ? ": nothing is better in every objective" : ""}. ` +
      "Hover over a point for its configuration, click it for all of that; Tab and the arrow keys walk along the best.");
  let marks = null;
  const draw = width => {
    const size = {width, height: Math.max(240, Math.min(380, width * .7)), left: 56, right: 14, top: 22, bottom: 38};
    const svg = sheet(holder, width, size.height, `${names[second]} against ${names[first]}`);
    const at = index => [measures[first].at(index), measures[second].at(index)];
    const there = d3.range(search.trials.numbers.length).filter(index => at(index).every(isNumber));
    const x = scaleFor(there.map(index => at(index)[0]), [size.left, width - size.right]);
    const y = scaleFor(there.map(index => at(index)[1]), [size.height - size.bottom, size.top]);
    axes(svg, x, y, size, {x: names[first], y: names[second]});
    const front = there.filter(index => best.has(index)).sort((a, b) => at(a)[0] - at(b)[0]);
    if (several && search.objectives.length === 2 && first !== second)
      svg.append("path").attr("class", "front")
          .attr("d", d3.line().x(index => x(at(index)[0])).y(index => y(at(index)[1]))(front));
    const others = svg.append("g").selectAll("circle").data(there.filter(index => !best.has(index)))
        .join("circle").attr("class", "dot").attr("r", 3.5);
    const bests = svg.append("g").selectAll("circle").data(front).join("circle").attr("class", "dot best").attr("r", 5);
    for (const each of [others, bests]) {
      each.attr("cx", index => x(at(index)[0])).attr("cy", index => y(at(index)[1]));
      live(each);
    }
    focusable(bests);
    marks = svg.selectAll("circle.dot");
    marked(marks);
  };
  let redraw = () => {};
  chooser(row, "across", names, first, i => { first = i; redraw(); });
  chooser(row, "up", names, second, i => { second = i; redraw(); });
  responsive(holder, width => { redraw = () => draw(width); redraw(); });
  watching(() => marks);
}

// Each trial's value over its number, and the best so far.
function drawHistory() {
  const made = section("History");
  let shown = 0;
  const row = made.append("div").attr("class", "row screen");
  const holder = made.append("div").attr("id", "history");
  let marks = null;
  const draw = width => {
    const objective = search.objectives[shown];
    const size = {width, height: Math.max(240, Math.min(380, width * .7)), left: 56, right: 14, top: 22, bottom: 38};
    const svg = sheet(holder, width, size.height, `${objective.name} by trial`);
    const value = index => search.trials.values[shown][index];
    const there = d3.range(search.trials.numbers.length).filter(index => isNumber(value(index)));
    const number = index => search.trials.numbers[index];
    const x = scaleFor(there.map(number), [size.left, width - size.right]);
    const y = scaleFor(there.map(value), [size.height - size.bottom, size.top]);
    axes(svg, x, y, size, {x: "trial", y: `${measureName(measures[shown])} (${objective.direction})`});
    const dots = svg.append("g").selectAll("circle").data(there).join("circle")
        .attr("class", "dot").classed("best", index => best.has(index)).attr("r", 2.8)
        .attr("cx", index => x(number(index))).attr("cy", index => y(value(index)));
    live(dots);
    let record = null;
    const records = there.filter(complete).map(index => {
      const better = record === null || (objective.direction === "maximize" ? value(index) > record : value(index) < record);
      if (better) record = value(index);
      return [number(index), record];
    });
    svg.append("path").attr("class", "record").attr("d", d3.line().curve(d3.curveStepAfter)
        .x(point => x(point[0])).y(point => y(point[1]))(records));
    marks = dots;
    marked(marks);
  };
  let redraw = () => {};
  if (search.objectives.length > 1)
    chooser(row, "objective", search.objectives.map(objective => objective.name), 0, i => { shown = i; redraw(); });
  responsive(holder, width => { redraw = () => draw(width); redraw(); });
  made.append("p").attr("class", "hint").text("The line is the best so far.");
  watching(() => marks);
}
