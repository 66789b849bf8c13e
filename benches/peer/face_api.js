// Names crops by face-api.js: reads raw gray crops from standard input, writes one JSON object of probabilities per line.
//
//     node face_api.js NODE_MODULES SIDE < crops
const path = require("path");

async function main([modules, side]) {
  const from = (...parts) => path.resolve(modules, ...parts);
  const faceapi = require(from("@vladmandic/face-api/dist/face-api.node-wasm.js"));
  const wasm = require(from("@tensorflow/tfjs-backend-wasm"));
  wasm.setWasmPaths(from("@tensorflow/tfjs-backend-wasm/dist") + path.sep);
  await faceapi.tf.setBackend("wasm");
  await faceapi.tf.ready();
  await faceapi.nets.faceExpressionNet.loadFromDisk(from("@vladmandic/face-api/model"));
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const crops = Buffer.concat(chunks);
  const length = side * side;
  for (let start = 0; start < crops.length; start += length) {
    const gray = faceapi.tf.tensor3d(Float32Array.from(crops.subarray(start, start + length)), [+side, +side, 1]);
    const crop = faceapi.tf.tile(gray, [1, 1, 3]);
    console.log(JSON.stringify(await faceapi.nets.faceExpressionNet.predictExpressions(crop)));
    faceapi.tf.dispose([gray, crop]);
  }
}

main(process.argv.slice(2));
