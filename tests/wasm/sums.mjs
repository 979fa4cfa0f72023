// Prints the checksum of every filter, as src/main.rs does: node sums.mjs PROGRAM.wasm
import { readFileSync } from "node:fs";

const program = await WebAssembly.instantiate(readFileSync(process.argv[2]));
const { count, sum } = program.instance.exports;
for (let at = 0; at < count(); at++) {
    const hex = BigInt.asUintN(64, sum(at)).toString(16);
    console.log(`${at} ${hex.padStart(16, "0")}`);
}
