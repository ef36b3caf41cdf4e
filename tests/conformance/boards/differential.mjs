// Our instructions beside the library's own, from random states. Arguments: the core's folder, seed, number of states.
//
// From each state ours executes a burst, the library's core as many cycles; then registers, flags and cycles must be equal, at
// the end all of RAM. A burst of nothing, which leaves the instruction to the library, must have changed nothing. Prints JSON:
// how many bursts began with which upper five bits of an opcode, and the first differences.
import { pathToFileURL } from 'node:url';

const [core, seed, count] = process.argv.slice(2);
const { Chip } = await import(new URL('chip.mjs', pathToFileURL(`${core}/`)));

const SIO = 0xd0000000, DIVIDER = SIO + 0x60;
const DIVIDER_STATE = ['divDividend', 'divDivisor', 'divQuotient', 'divRemainder', 'divCSR'];
const RAM = 0x20000000, RAM_BYTES = 264 * 1024, FLASH = 0x10000000, CODE = RAM + 0x8000, FLAGS = ['N', 'Z', 'C', 'V'];
const SPECIAL = [0, 1, 2, 31, 32, 33, 255, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0xfffffff9];
const EDGES = [RAM, RAM + RAM_BYTES - 4, RAM + RAM_BYTES - 32, RAM - 4, FLASH, FLASH + 0x1000000 - 4, 0x3ffc, 0x4000, SIO,
  DIVIDER, DIVIDER + 12];
const DIFFERENCES_MAX = 3;

let state = Number(seed) >>> 0;
function draw(bound) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % bound;
}
const pick = (list) => list[draw(list.length)];

/** A register's content: what makes flags change, edges of memory, small numbers, addresses. */
function word() {
  switch (draw(6)) {
    case 0: return pick(SPECIAL);
    case 1: return pick(EDGES) + draw(9) - 4;
    case 2: return draw(256);
    case 3: return FLASH + 4 * draw(2000);
    default: return draw(3) ? RAM + 4 * draw(RAM_BYTES / 4) : draw(0x100000000);
  }
}

/** Any opcode, but more often those whose results depend on most: two registers, loads and stores with a small offset. */
function opcode() {
  switch (draw(8)) {
    case 0: return 0x4000 | draw(0x400);
    case 1: return 0x6000 | (draw(2) << 11) | (draw(6) << 6) | draw(64);
    default: return draw(65536);
  }
}

const flash = Buffer.alloc(16384).map(() => draw(256)), noise = Buffer.alloc(RAM_BYTES).map(() => draw(256));
const bootrom = new Uint32Array(4096).map(() => draw(0x100000000));

function chip(isPlain) {
  const made = new Chip({ flash, bootrom, identity: Buffer.from('AMU-0000'), seed: 'differential', isPlain });
  made.mcu.logger = { debug() {}, info() {}, warn() {}, error() {} };
  made.mcu.sram.set(noise);
  return made;
}

function put({ mcu }, { registers, flags, at, code }) {
  if (at >= RAM) code.forEach((half, i) => mcu.sramView.setUint16(at - RAM + 2 * i, half, true));
  mcu.core.registers.set(registers);
  FLAGS.forEach((flag, i) => { mcu.core[flag] = flags[i]; });
  Object.assign(mcu.core, { cycles: 0, waiting: false, interruptsUpdated: false, IPSR: 0, currentMode: 0 });
}

function snapshot({ mcu: { core: c, sio } }) {
  const divider = DIVIDER_STATE.map((name) => sio[name]);
  return JSON.stringify([[...c.registers], FLAGS.map((flag) => c[flag]), c.cycles, c.waiting, c.interruptsUpdated, divider]);
}

const ours = chip(false), theirs = chip(true), executed = {}, differences = [];
for (let i = 0; i < Number(count); i++) {
  const registers = Array.from({ length: 16 }, word), flags = FLAGS.map(() => draw(2) === 1);
  registers[13] = (draw(4) ? RAM + draw(RAM_BYTES) : registers[13]) & ~3;  // SP is aligned, always
  const at = draw(8) ? CODE + 2 * draw(2048) : pick([FLASH + 2 * draw(8000), 2 * draw(8000)]);
  registers[15] = at;
  const code = [opcode(), draw(2) ? draw(65536) : 0xd000 | draw(0x3000)];
  for (const each of [ours, theirs]) put(each, { registers, flags, at, code });
  const op = ours.mcu.readUint16(at), used = ours.burst(draw(4) ? 1 : 1 + draw(12));
  for (let done = 0; done < used;) done += theirs.mcu.core.executeInstruction();
  if (used) executed[op >> 11] = (executed[op >> 11] ?? 0) + 1;
  const wanted = snapshot(theirs), found = snapshot(ours);
  if (wanted !== found && differences.length < DIFFERENCES_MAX) {
    differences.push({ opcode: op.toString(2).padStart(16, '0'), at, registers, flags, wanted, found });
  }
}
const isMemoryEqual = Buffer.compare(ours.mcu.sram, theirs.mcu.sram) === 0;
process.stdout.write(JSON.stringify({ executed, differences, isMemoryEqual }));
