// What a chip's processor works at, sampled every so many nanoseconds of its working time: which functions of MicroPython are
// on the stack, whether memory is being collected, and what a collection leaves free. The chip runs as it would without.
//
// Nothing is known of the image in advance. MicroPython's structures are found in memory by their form, by these rules of
// py/bc.h, py/objfun.h, py/gc.h and py/mpstate.h (1.28):
//
// - A running function of bytecode has a state, on the stack or in the heap, and pointers to it on the stack:
//   function, instruction pointer, stack pointer, number of slots, globals, slots.
// - Its function object is a block of the heap: type, context of the module, children, bytecode. A type is an object in
//   flash whose own type is `type`, which is its own type.
// - A running function of machine code has no state; its calls leave return addresses into the heap.
// - The heap is described by five words: table of blocks (two bits each), its length, table of finalisers, first block, end.
const RAM = 0x20000000, RAM_END = 0x20042000, STACK = 0x20040000, FLASH = 0x10000000, FLASH_END = 0x10200000;
const WORK = 0, COLLECT = 1, INTERRUPT = 2;
const STATE_BYTES = 20, SLOTS_MAX = 255, BYTECODE_BYTES_MAX = 8192, BLOCK_BYTES = 16, BLOCKS_PER_BYTE = 4;
const PROOF_BYTES = 96;  // of a function's code: enough to tell it from all others
const SAMPLES_AFTER = 3;  // a collection: then it has ended
const NATIVE_BEFORE = 16, NATIVE_AFTER = 16;  // bytes of machine code around a return address

export class Sampler {
  /**
   * nanos: working time between two samples. collection: [first, end] of the addresses of the collector's code.
   * addressesOnly: keep where the processor was, and nothing else.
   */
  constructor(chip, { nanos, collection = [], addressesOnly = false }) {
    Object.assign(this, { chip, nanos, collection, addressesOnly });
    this.due = chip.nanos - chip.idleNanos + nanos;
    this.began = { nanos: chip.nanos, idle: chip.idleNanos, pages: chip.flash.pages, erases: chip.flash.erases };
    this.functions = [];  // code of a function, and its module's context
    this.natives = [];
    this.byAddress = new Map();  // of code -> its number among functions, with the words that prove it
    this.nativeByAddress = new Map();
    this.types = new Map();
    this.words = this.view = null;
    this.stacks = new Map();
    this.addresses = new Set();
    this.heap = null;
    this.sinceCollection = null;  // samples of other work
    this.left = null;  // heap at the first of them
    this.collections = [];
  }

  /** The processor has worked for `busy` nanoseconds since power-on: a sample is due. */
  take(busy) {
    while (this.due <= busy) this.due += this.nanos;
    const { core } = this.chip.mcu, pc = core.registers[15] & ~1;
    if (this.addressesOnly) {
      this.addresses.add(pc);
      return;
    }
    const mode = core.IPSR ? INTERRUPT : this.collection.some(([first, end]) => pc >= first && pc < end) ? COLLECT : WORK;
    if (mode !== INTERRUPT) this.watchHeap(mode === COLLECT);
    const key = `${mode} ${this.stack().join(' ')}`;
    this.stacks.set(key, (this.stacks.get(key) ?? 0) + 1);
  }

  /** Numbers of the functions on the stack, the innermost first; below 0: machine code. */
  stack() {
    this.look();
    const { core } = this.chip.mcu, { words } = this, sp = core.registers[13], pc = core.registers[15] & ~1;
    const seen = [], found = [], heap = this.heap ??= this.findHeap(words);
    if (heap !== null && pc >= heap.first && pc < heap.end) this.addNative(pc, found);
    for (let i = (sp - RAM) >> 2; i < words.length; i++) {
      const word = words[i];
      if (word < RAM || word >= RAM_END - STATE_BYTES) continue;
      if (word & 1) this.lookForNative(word & ~1, heap, found);
      else if (!(word & 3) && (word >= sp || word < STACK)) this.lookForState(word, words, seen, found);
    }
    return found;
  }

  /** Views of the memory of the present processor: a reset makes another one. */
  look() {
    const { sram } = this.chip.mcu;
    if (this.words?.buffer === sram.buffer) return;
    this.words = new Uint32Array(sram.buffer, 0, (RAM_END - RAM) >> 2);
    this.view = new DataView(sram.buffer);
  }

  lookForState(state, words, seen, found) {
    const at = (state - RAM) >> 2, object = words[at];
    if (object < RAM || object >= RAM_END - 16 || object % BLOCK_BYTES) return;
    const entry = (object - RAM) >> 2, code = words[entry + 3], ip = words[at + 1], top = words[at + 2];
    const slots = words[at + 3] & 0xffff;
    if (code >= ip || ip - code > BYTECODE_BYTES_MAX || slots > SLOTS_MAX || !this.isType(words[entry])) return;
    if (top < state + STATE_BYTES - 4 || top > state + STATE_BYTES + 4 * slots || seen.includes(state)) return;
    seen.push(state);
    found.push(this.functionAt(code, words[entry + 1]));
  }

  /** Is this the address of an object whose type is `type`? */
  isType(address) {
    let is = this.types.get(address);
    if (is === undefined) {
      const type = this.flashWord(address);
      this.types.set(address, is = type !== 0 && this.flashWord(type) === type);
    }
    return is;
  }

  flashWord(address) {
    if (address < FLASH || address >= FLASH_END || address & 3) return 0;
    return new DataView(this.chip.mcu.flash.buffer).getUint32(address - FLASH, true);
  }

  bytes(address, count) {
    const { sram, flash } = this.chip.mcu;
    if (address >= RAM && address < RAM_END) return Buffer.from(sram.buffer, address - RAM, Math.min(count, RAM_END - address));
    if (address >= FLASH && address < FLASH_END) return Buffer.from(flash.buffer, address - FLASH, count);
    return Buffer.alloc(0);
  }

  functionAt(address, context) {
    const known = this.byAddress.get(address);
    if (known !== undefined && known.context === context && known.begins === this.beginsAt(address)) return known.number;
    const number = this.functions.length;
    this.functions.push({ context, code: this.bytes(address, PROOF_BYTES).toString('hex') });
    this.byAddress.set(address, { number, context, begins: this.beginsAt(address) });
    return number;
  }

  /** The second four bytes of a function's code: names and lines differ there. Code in flash never changes. */
  beginsAt(address) {
    return address >= RAM && address + 8 <= RAM_END ? this.view.getUint32(address + 4 - RAM, true) : 0;
  }

  /** A return address in the heap, behind a BLX, is one into machine code. */
  lookForNative(address, heap, found) {
    if (heap === null || address < heap.first || address >= heap.end) return;
    if ((this.view.getUint16(address - 2 - RAM, true) & 0xff87) === 0x4780) this.addNative(address, found);
  }

  addNative(address, found) {
    let number = this.nativeByAddress.get(address);
    if (number === undefined) {
      number = -1 - this.natives.length;
      const around = Buffer.from(this.bytes(address - NATIVE_BEFORE, NATIVE_BEFORE + NATIVE_AFTER));
      this.natives.push(around.toString('hex'));
      this.nativeByAddress.set(address, number);
    }
    if (found.at(-1) !== number) found.push(number);
  }

  findHeap(words) {
    for (let i = 0; i + 4 < words.length; i++) {
      const table = words[i], length = words[i + 1], first = words[i + 3], end = words[i + 4];
      if (table < RAM || end > RAM_END || length < 256 || first % BLOCK_BYTES) continue;
      const isHeap = table + length <= words[i + 2] && words[i + 2] < first && end - first === length * BLOCKS_PER_BYTE * BLOCK_BYTES;
      if (isHeap) return { table, first, end };
    }
    return null;
  }

  /** Note the heap when a collection has ended: not when it only calls a function that others call, too. */
  watchHeap(isCollecting) {
    if (isCollecting) this.sinceCollection = 0;
    else if (this.sinceCollection !== null && this.heap !== null) {
      if (this.sinceCollection === 0) this.left = this.measure();
      this.sinceCollection += 1;
      if (this.sinceCollection < SAMPLES_AFTER) return;
      this.collections.push(this.left);
      this.sinceCollection = null;
    }
  }

  /** [bytes free, bytes of the longest free run]. A block is free if its two bits are 0. */
  measure() {
    const { table, first, end } = this.heap, tables = this.bytes(table, (end - first) / BLOCK_BYTES / BLOCKS_PER_BYTE);
    let free = 0, run = 0, longest = 0;
    for (const four of tables) {
      for (let shift = 0; shift < 8; shift += 2) {
        if ((four >> shift) & 3) run = 0;
        else {
          free += 1;
          run += 1;
          if (run > longest) longest = run;
        }
      }
    }
    return [free * BLOCK_BYTES, longest * BLOCK_BYTES];
  }

  /** Everything that was seen, as JSON. */
  report() {
    const { chip, began } = this;
    return JSON.stringify({
      nanos: chip.nanos - began.nanos,
      idle_nanos: chip.idleNanos - began.idle,
      pages: chip.flash.pages - began.pages,
      erases: chip.flash.erases - began.erases,
      functions: this.functions,
      natives: this.natives,
      stacks: [...this.stacks],
      collections: this.collections,
      heap_bytes: this.heap === null ? 0 : this.heap.end - this.heap.first,
      addresses: [...this.addresses].sort((a, b) => a - b),
    });
  }
}
