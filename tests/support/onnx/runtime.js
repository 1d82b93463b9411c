// runtime.js MODEL OUTPUT [INPUT TYPE SHAPE]...: what onnxruntime-node makes of numbers in files.
const fs = require("fs");
const ort = require("onnxruntime-node");

const ARRAYS = { float32: Float32Array, int64: BigInt64Array, bool: Uint8Array };

function tensor(file, type, shape) {
  const bytes = fs.readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return new ort.Tensor(type, new ARRAYS[type](buffer), shape.split(",").map(Number));
}

async function main([model, output, ...inputs]) {
  const session = await ort.InferenceSession.create(model);
  const feeds = {};
  session.inputNames.forEach((name, i) => {
    feeds[name] = tensor(...inputs.slice(3 * i, 3 * i + 3));
  });
  const results = await session.run(feeds);
  const y = results[session.outputNames[0]].data;
  fs.writeFileSync(output, Buffer.from(y.buffer, y.byteOffset, y.byteLength));
}

main(process.argv.slice(2));
