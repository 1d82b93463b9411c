// Checks Kubernetes' objects in YAML files against their types: each becomes a constant of the type
// that its apiVersion and kind name in kubernetes-types, and TypeScript says what does not fit.
//   node check.mjs FILE...
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { parseAllDocuments } from "yaml";

function typed(object, name) {
  const module = object.apiVersion === "v1" ? "core/v1" : object.apiVersion.replace(".k8s.io", "");
  const literal = JSON.stringify(object, null, 2);
  return `export const ${name}: import("kubernetes-types/${module}").${object.kind} = ${literal};\n`;
}

function objects(file) {
  return parseAllDocuments(readFileSync(file, "utf8")).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

const sources = process.argv.slice(2).map((file) => {
  const source = `${basename(file)}.ts`;
  writeFileSync(source, objects(file).map((object, i) => typed(object, `object_${i}`)).join(""));
  return source;
});
const options = ["--noEmit", "--strict", "--skipLibCheck", "--lib", "es2020"];
const { status } = spawnSync("node_modules/.bin/tsc", [...options, ...sources], { stdio: "inherit" });
process.exitCode = status === 0 ? 0 : 1;
