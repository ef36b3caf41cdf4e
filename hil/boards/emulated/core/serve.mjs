// One chip behind a pipe: requests on standard input, one answer each on standard output. The host says how far time goes, so
// its own pace changes nothing. The process ends when its input does.
//
//   request   opcode, length (uint32, little-endian), body
//   answer    length (uint32), body
import fs from 'node:fs';
import { Chip } from './chip.mjs';
import { Sampler } from './profiler.mjs';

const BOOTROM_BYTES = 16384;

function read(count) {
  const data = Buffer.allocUnsafe(count);
  for (let have = 0; have < count;) {
    const more = fs.readSync(0, data, have, count - have, null);
    if (more === 0) process.exit(0);
    have += more;
  }
  return data;
}

function answer(...parts) {
  const body = Buffer.concat(parts), head = Buffer.alloc(4);
  head.writeUInt32LE(body.length);
  const all = Buffer.concat([head, body]);
  for (let sent = 0; sent < all.length;) sent += fs.writeSync(1, all, sent);
}

/** N: a chip. Length of a JSON document, the document with Chip's small options, boot ROM, flash. */
function open(body) {
  const rom = 4 + body.readUInt32LE(0), options = JSON.parse(body.toString('utf8', 4, rom)), flash = rom + BOOTROM_BYTES;
  const bootrom = new Uint32Array(BOOTROM_BYTES / 4).map((_, i) => body.readUInt32LE(rom + 4 * i));
  return new Chip({ ...options, identity: Buffer.from(options.identity, 'latin1'), bootrom, flash: body.subarray(flash) });
}

/** A: nanoseconds to pass (double), baud and number of the bytes for UART0, these, bytes for USB. State of the chip; bytes from
 *  UART0, as many as it says, and from USB. */
function advance(chip, body) {
  const usb = 16 + body.readUInt32LE(12), { uart } = chip;
  uart?.send(body.subarray(16, usb), body.readUInt32LE(8));
  chip.send(body.subarray(usb));
  chip.advance(body.readDoubleLE(0));
  const state = Buffer.alloc(45), sent = chip.uart?.receive() ?? Buffer.alloc(0);
  state.writeDoubleLE(chip.nanos, 0);
  state.writeDoubleLE(chip.idleNanos, 8);
  state.writeUInt32LE(chip.flash.operations, 16);
  state.writeUInt32LE(chip.unread, 20);
  state.writeUInt32LE(chip.resets, 24);
  state.writeUInt32LE(chip.reads, 28);
  state.writeUInt32LE(chip.uart?.baud ?? 0, 32);
  state.writeUInt32LE(chip.uart?.unread ?? 0, 36);
  state.writeUInt32LE(sent.length, 40);
  state[44] = chip.isPowered ? 1 : 0;
  answer(state, sent, chip.receive());
}

/** P: a JSON document, see Sampler in profiler.mjs: sample from now on. Without: stop. What was seen until now, as JSON. */
function profile(chip, body) {
  const seen = chip.sampler === null ? '' : chip.sampler.report();
  chip.sampler = body.length ? new Sampler(chip, JSON.parse(body.toString('utf8'))) : null;
  answer(Buffer.from(seen));
}

/** L: log flash operations from now on. Those until now: for each its length (uint32) and its bytes as the chip got them. */
function logFlash(chip) {
  const seen = chip.flash.log ?? [];
  chip.flash.log = [];
  answer(...seen.flatMap((bytes) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(bytes.length);
    return [head, bytes];
  }));
}

let chip;
for (;;) {
  const head = read(5), opcode = String.fromCharCode(head[0]), body = read(head.readUInt32LE(1));
  switch (opcode) {
    case 'N': chip = open(body); answer(); break;
    case 'A': advance(chip, body); break;
    case 'C': chip.cutPowerAt(body.readUInt32LE(0)); answer(); break;  // C: cut power in a flash operation from now
    case 'H': chip.read(body[0] === 1); answer(); break;  // H: 1: the host takes nothing from now on; 0: it does
    case 'X': chip.suffer(...JSON.parse(body.toString('utf8'))); answer(); break;  // X: a fault, and a number of operations
    case 'F': answer(chip.memory); break;  // F: all of flash
    case 'L': logFlash(chip); break;
    case 'P': profile(chip, body); break;
    default: throw new Error(`opcode ${JSON.stringify(opcode)}: unknown`);
  }
}
