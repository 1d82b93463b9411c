// Puts the page together of what the run has.
function facts(holder, rows) {
  const list = holder.append("dl").attr("class", "facts");
  for (const [name, value] of rows) {
    list.append("dt").text(name);
    list.append("dd").text(cellText(value));
  }
}

function drawSummary() {
  const made = section("What was found", !search);
  for (const note of data.notes) made.append("p").attr("class", "note").text(note);
  facts(made, data.facts);
}

function drawTimes() {
  if (!data.times.length) return;
  facts(section("Cache and time"), data.times);
}

function drawTexts() {
  for (const {name, text} of data.texts) section(name, true).append("pre").text(text);
}

function drawProvenance() {
  const made = section("Where it comes from", true);
  const walk = (holder, tree) => {
    const rows = [];
    for (const [key, value] of Object.entries(tree)) {
      const nested = value !== null && typeof value === "object" && !Array.isArray(value);
      const listed = Array.isArray(value) && value.some(item => item !== null && typeof item === "object");
      if (!nested && !listed) rows.push([key, key === "command_line" ? ["lathe", ...value].join(" ") : value]);
    }
    facts(holder, rows);
    for (const [key, value] of Object.entries(tree)) {
      if (rows.some(row => row[0] === key)) continue;
      const box = holder.append("details");
      box.append("summary").text(Array.isArray(value) ? `${key} (${value.length})` : key);
      if (Array.isArray(value)) {
        const columns = [...new Set([].concat(...value.map(item => Object.keys(item || {}))))];
        sortable(box, {name: key, columns, rows: value.map(item => columns.map(name => item && name in item ? item[name] : null))});
      } else walk(box, value);
    }
  };
  walk(made, data.provenance);
}

function setTheme() {
  const button = d3.select("#theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const dark = () => { const set = document.documentElement.dataset.theme; return set ? set === "dark" : system.matches; };
  const tell = () => button.text(dark() ? "Light" : "Dark").attr("aria-label", `switch to ${dark() ? "light" : "dark"} colours`);
  button.on("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; tell(); });
  if (system.addEventListener) system.addEventListener("change", tell);
  tell();
}

document.title = data.title;
d3.select("#title").text(data.title);
d3.select("#subtitle").text(data.subtitle);
setTheme();
if (search) {
  if (search.trials.numbers.length) {
    drawFront();
    drawHistory();
    drawSummary();
    drawImportance();
    drawChosen();
    drawParallel();
    drawChoices();
  } else {
    drawSummary();
  }
} else {
  drawSummary();
}
if (data.curves) drawCurves(data.curves);
for (const table of data.tables) {
  if (table.sweep) drawSweep(table);
  drawTable(table);
}
drawTexts();
drawTimes();
drawProvenance();
window.addEventListener("keydown", event => { if (event.key === "Escape") hideTip(); });
window.addEventListener("beforeprint", () => { for (const box of document.querySelectorAll("details:not(.screen)")) box.open = true; });
