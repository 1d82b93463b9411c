// The trials of a search by column: values of objectives, metrics that were measured, parameters.
const search = data.search;

function columnsOfSearch() {
  const trials = search.trials;
  const columns = [];
  search.objectives.forEach((objective, i) => columns.push({
    kind: "objective", name: objective.name, direction: objective.direction,
    at: index => trials.values[i][index]}));
  for (const metric of search.metrics)
    columns.push({kind: "metric", name: metric.name, at: index => metric.values[index]});
  search.parameters.forEach((parameter, i) => columns.push({
    kind: "parameter", name: parameter.name, choices: parameter.choices, log: parameter.log,
    at: index => trials.points[i][index],
    text: index => {
      const value = trials.points[i][index];
      return value === null ? null : parameter.choices ? parameter.choices[value] : numberText(value);
    }}));
  return columns;
}

const columns = search ? columnsOfSearch() : [];
const parameters = columns.filter(column => column.kind === "parameter");
const measures = columns.filter(column => column.kind !== "parameter");
const best = search ? new Set(search.best) : new Set();

function complete(index) { return search.trials.states[index] === "COMPLETE"; }

function trialName(index) {
  const state = complete(index) ? "" : `, ${search.trials.states[index].toLowerCase()}`;
  return `trial ${search.trials.numbers[index]}${state}`;
}

function configTexts(index) {
  return parameters.map(column => [column.name, column.text(index)]).filter(pair => pair[1] !== null);
}

function tipOf(index) {
  return tip => {
    tip.append("p").append("b").text(trialName(index));
    for (const column of measures)
      if (isNumber(column.at(index)))
        tip.append("p").text(`${column.name}: ${numberText(column.at(index))}`);
    const texts = configTexts(index);
    for (const [name, text] of texts.slice(0, 14)) tip.append("p").text(`${name} = ${text}`);
    if (texts.length > 14) tip.append("p").text(`and ${texts.length - 14} more; click for all`);
  };
}

// A mark of a trial: what pointer and keyboard do with it.
function live(marks) {
  marks.attr("data-trial", index => search.trials.numbers[index])
      .on("mousemove", index => showTip(d3.event.clientX, d3.event.clientY, tipOf(index)))
      .on("mouseleave", hideTip)
      .on("click", choose);
}

function focusable(marks) {
  marks.attr("tabindex", 0).attr("role", "button")
      .attr("aria-label", index => `${trialName(index)}: ` + measures
          .map(column => `${column.name} ${numberText(column.at(index))}`).join(", "))
      .on("focus", function(index) {
        const box = this.getBoundingClientRect();
        showTip(box.right, box.bottom, tipOf(index));
      })
      .on("blur", hideTip)
      .on("keydown", function(index) {
        const all = marks.nodes(), here = all.indexOf(this);
        const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[d3.event.key];
        if (d3.event.key === "Enter" || d3.event.key === " ") choose(index);
        else if (step && all[here + step]) all[here + step].focus();
        else return;
        d3.event.preventDefault();
      });
}

function marked(marks) {
  marks.classed("chosen", index => index === view.chosen)
      .classed("out", index => view.brushed !== null && !view.brushed.has(index));
}

// What is drawn is redrawn with the width; watchers stay the same.
function watching(marksNow) { watchers.push(() => { const marks = marksNow(); if (marks) marked(marks); }); }

function drawChosen() {
  const made = section("The chosen trial", true);
  const body = made.append("div").attr("id", "chosen").attr("aria-live", "polite");
  const show = () => {
    body.html("");
    const index = view.chosen;
    if (index === null) {
      body.append("p").attr("class", "hint").text("Click a point, or press Enter on one, to see all of its configuration here.");
      return;
    }
    body.append("h3").text(trialName(index) + (best.has(index) ? ", one of the best" : ""));
    const facts = body.append("dl").attr("class", "facts");
    for (const column of measures)
      if (column.at(index) !== null && column.at(index) !== undefined) {
        facts.append("dt").text(column.name);
        facts.append("dd").text(numberText(column.at(index)));
      }
    const seconds = search.trials.seconds[index];
    if (isNumber(seconds)) {
      facts.append("dt").text("seconds");
      facts.append("dd").text(numberText(seconds));
    }
    const list = body.append("ul").attr("class", "config");
    for (const [name, text] of configTexts(index)) {
      const item = list.append("li");
      item.append("span").text(`${name} = `);
      item.append("b").text(text);
    }
    body.append("button").attr("type", "button").attr("class", "screen").text("Choose none")
        .on("click", () => choose(index));
  };
  watchers.push(show);
  show();
}
