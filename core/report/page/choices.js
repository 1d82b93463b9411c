// What the best trials chose, layer by layer: a row for each parameter with a choice, a cell for
// each value, as dark as often it was chosen.
function drawChoices() {
  const rows = parameters.filter(column => column.choices && column.choices.length > 1);
  if (!rows.length || !best.size) return;
  const made = section("Choices of the best, layer by layer", true);
  const values = [];
  for (const column of rows)
    for (const choice of column.choices) if (!values.includes(choice)) values.push(choice);
  const allNumbers = values.every(value => value !== "" && isFinite(value));
  if (allNumbers) values.sort((a, b) => a - b);
  const holder = made.append("div").attr("class", "scroll").attr("tabindex", 0).attr("id", "choices");
  const show = () => {
    const points = [...best].filter(index => view.brushed === null || view.brushed.has(index));
    holder.html("");
    const table = holder.append("table").attr("class", "heat");
    const head = table.append("thead").append("tr");
    head.append("th").attr("scope", "col").text("layer");
    head.append("th").attr("scope", "col").text("option");
    for (const value of values) head.append("th").attr("scope", "col").text(value);
    let before = null;
    const body = table.append("tbody");
    for (const column of rows) {
      const cut = column.name.lastIndexOf("/");
      const layer = column.name.slice(0, Math.max(0, cut)).replace(/\/config$/, "");
      const there = points.filter(index => isNumber(column.at(index)));
      const line = body.append("tr");
      line.append("th").attr("scope", "row").text(layer === before ? "" : layer);
      line.append("th").attr("scope", "row").text(column.name.slice(cut + 1));
      before = layer;
      for (const value of values) {
        const choice = column.choices.indexOf(value);
        const cell = line.append("td");
        if (choice < 0) continue;
        const share = there.length ? there.filter(index => column.at(index) === choice).length / there.length : 0;
        cell.text(there.length ? `${Math.round(share * 100)}%` : "–")
            .style("background-color", `rgba(var(--warm), ${(share * .75).toFixed(3)})`);
      }
    }
  };
  made.append("p").attr("class", "hint").text("How many of the best trials chose each value, where the parameter exists.");
  watchers.push(show);
  show();
}
