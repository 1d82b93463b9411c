// runtime.js MODEL INPUT OUTPUT SHAPE: what onnxruntime-node makes of float32 numbers.
const fs = require("fs");
const ort = require("onnxruntime-node");

async function main([model, input, output, shape]) {
  const session = await ort.InferenceSession.create(model);
  const bytes = fs.readFileSync(input);
  const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const x = new ort.Tensor("float32", numbers, shape.split(",").map(Number));
  const results = await session.run({ [session.inputNames[0]]: x });
  const y = results[session.outputNames[0]].data;
  fs.writeFileSync(output, Buffer.from(y.buffer, y.byteOffset, y.byteLength));
}

main(process.argv.slice(2));
