// The chip driven through its registers. Arguments: the core's folder. Prints JSON: what each command did.
//
// Flash commands go through the SSI, with chip select driven by the override of its pin, as the boot ROM's and the SDK's do.
import { pathToFileURL } from 'node:url';

const [core] = process.argv.slice(2);
const { Chip } = await import(new URL('chip.mjs', pathToFileURL(`${core}/`)));
const WATCHDOG_CTRL = 0x40058000, WATCHDOG_LOAD = 0x40058004, WATCHDOG_REASON = 0x40058008, WATCHDOG_SCRATCH = 0x4005800c;
const SSIENR = 0x18000008, DATA = 0x18000060, CHIP_SELECT = 0x4001800c, LOW = 2 << 8, HIGH = 3 << 8;

const HANG = Buffer.from([0xfe, 0xe7]);  // a branch to itself

function board() {
  const made = new Chip({ flash: HANG, bootrom: new Uint32Array(4096), identity: Buffer.from('AMU-0007'), seed: '' });
  made.mcu.writeUint32(SSIENR, 1);
  return made;
}

/** Send bytes in one command; returns as many. */
function command(to, ...sent) {
  to.mcu.writeUint32(CHIP_SELECT, LOW);
  const answer = sent.map((byte) => {
    to.mcu.writeUint32(DATA, byte);
    return to.mcu.readUint32(DATA);
  });
  to.mcu.writeUint32(CHIP_SELECT, HIGH);
  return answer;
}

function program(to, address, ...data) {
  command(to, 6);
  command(to, 2, address >> 16, (address >> 8) & 255, address & 255, ...data);
}

function erase(to, opcode, address) {
  command(to, 6);
  command(to, opcode, address >> 16, (address >> 8) & 255, address & 255);
}

const of = (to, address, count) => [...to.memory.subarray(address, address + count)];
const result = {}, a = board();
result.identity = String.fromCharCode(...command(a, 0x4b, 0, 0, 0, 0, ...Array(8).fill(0)).slice(5));
result.kind = command(a, 0x9f, 0, 0, 0).slice(1);
result.notEnabled = (command(a, 2, 0, 16, 0, 1), of(a, 0x1000, 1));
result.enabled = (command(a, 6), command(a, 5, 0)[1]);
program(a, 0x10fe, 1, 2, 3, 4);
result.aroundThePage = [of(a, 0x10fe, 2), of(a, 0x1000, 3), of(a, 0x1100, 1)];
result.disabledAfterwards = command(a, 5, 0)[1];
program(a, 0x10fe, 0xf0);
result.onlyClears = of(a, 0x10fe, 1);
result.read = command(a, 3, 0, 0x10, 0xff, 0, 0).slice(4);
program(a, 0x2000, 7);
erase(a, 0x20, 0x1234);
result.sector = [of(a, 0x10fe, 1), of(a, 0x2000, 1)];
erase(a, 0xd8, 0x4321);
result.block = of(a, 0x2000, 1);
result.operations = a.flash.operations;

const torn = board();
program(torn, 0x3000, ...Array(256).fill(0));
torn.cutPowerAt(2);
program(torn, 0x3100, ...Array(256).fill(0));
program(torn, 0x3200, 1, 2, 3, 4);
result.tornProgram = [torn.isPowered, of(torn, 0x3200, 4)];
const half = board();
for (const address of [0x3000, 0x3700, 0x3800, 0x3f00]) program(half, address, ...Array(256).fill(0));
half.cutPowerAt(1);
erase(half, 0x20, 0x3000);
result.tornErase = [half.isPowered, ...[0x3000, 0x37ff, 0x3800, 0x3fff].map((address) => half.memory[address])];
const watched = board();
program(watched, 0x3000, 5);
watched.mcu.writeUint32(WATCHDOG_SCRATCH, 0x600d);
watched.mcu.writeUint32(WATCHDOG_LOAD, 2000);  // two counts a microsecond
watched.mcu.writeUint32(WATCHDOG_CTRL, 1 << 30);
watched.advance(999e3);
result.beforeTheBite = [watched.resets, watched.mcu.readUint32(WATCHDOG_REASON)];
watched.advance(99e6);
const { mcu } = watched;
const registers = [WATCHDOG_REASON, WATCHDOG_SCRATCH].map((address) => mcu.readUint32(address));
result.afterTheBite = [watched.resets, ...registers, ...of(watched, 0x3000, 1)];
watched.mcu.writeUint32(WATCHDOG_CTRL, (1 << 31) >>> 0);
watched.advance(1e3);
result.afterATrigger = [watched.resets, watched.mcu.readUint32(WATCHDOG_REASON)];
process.stdout.write(JSON.stringify(result));
