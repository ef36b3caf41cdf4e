// The flash chip of a Pico behind the RP2040's SSI: a W25Q16 that is read in place and erased and programmed by command.
//
// A command lasts as long as chip select is low, which the RP2040 drives through an override of the QSPI pins. An erase or
// a program is an operation: it is done in no time when chip select goes high, or torn in the middle when power is cut.
import { BasePeripheral } from 'rp2040js';

export const FLASH_BYTES = 2 * 1024 * 1024;
const WORN_BYTES = 16;  // at the start of a program into a worn sector stay as they are
const PAGE_BYTES = 256, SECTOR_BYTES = 4096, BLOCK_BYTES = 65536;

// Commands (W25Q16JV datasheet, section 8.1): opcode, then 24 bits of address where there is one.
const WRITE_STATUS = 0x01, PAGE_PROGRAM = 0x02, READ = 0x03, WRITE_DISABLE = 0x04, READ_STATUS_1 = 0x05, WRITE_ENABLE = 0x06;
const SECTOR_ERASE = 0x20, READ_STATUS_2 = 0x35, UNIQUE_ID = 0x4b, JEDEC_ID = 0x9f, BLOCK_ERASE = 0xd8;
const ADDRESSED = 4;  // bytes of opcode and address
const UNIQUE_ID_DUMMIES = 5;  // bytes of opcode and dummies
const WRITE_ENABLED = 2;  // in status 1; in status 2 the same bit says that four data lines are in use
const JEDEC = [0xef, 0x40, 0x15];

// Registers (RP2040 datasheet, section 4.10.13).
const SSIENR = 0x08, RXFLR = 0x24, SR = 0x28, IDR = 0x58, VERSION = 0x5c, DR0 = 0x60;
const CHIP_SELECT_CTRL = 0x0c, OVERRIDE_SHIFT = 8, OVERRIDE_NONE = 0, OVERRIDE_HIGH = 3;  // IO_QSPI, section 2.19.6.2

/** Registers that remember what was written, without an effect. */
export class Memory extends BasePeripheral {
  constructor(mcu, name) {
    super(mcu, name);
    this.values = new Map();
  }
  readUint32(offset) {
    return this.values.get(offset) ?? 0;
  }
  writeUint32(offset, value) {
    this.values.set(offset, value >>> 0);
  }
}

/** The QSPI pins; all that matters is who drives chip select. */
export class QspiPins extends Memory {
  constructor(mcu, onChipSelect) {
    super(mcu, 'IO_QSPI');
    this.onChipSelect = onChipSelect;
  }
  writeUint32(offset, value) {
    super.writeUint32(offset, value);
    if (offset === CHIP_SELECT_CTRL) this.onChipSelect((value >>> OVERRIDE_SHIFT) & 3);
  }
}

export class Flash extends Memory {
  /** `identity`: eight bytes. `nanos`: that a page takes and an erasure. `onPowerCut`: called when operation `cutAt` has been torn. */
  constructor(mcu, identity, nanos, onPowerCut) {
    super(mcu, 'SSI');
    this.identity = identity;
    this.onPowerCut = onPowerCut;
    [this.pageNanos, this.sectorNanos] = nanos;
    this.operations = 0;
    this.pages = 0;  // programmed
    this.erases = 0;  // of sectors
    this.cutAt = 0;
    this.wearAt = 0;  // number of the operation whose sector wears out
    this.worn = new Set();  // first addresses of worn sectors
    this.isSelected = true;
    this.isAutomatic = true;  // the SSI drives chip select itself
    this.sent = [];
    this.answered = [];
    this.log = null;  // of the bytes of each operation, once it is an array
    this.isWritable = false;
  }

  readUint32(offset) {
    switch (offset) {
      case RXFLR: return this.answered.length;
      case SR: return 0x6 | (this.answered.length ? 8 : 0);  // room to send; not empty
      case IDR: return 0x51535049;
      case VERSION: return 0x3430312a;
      case DR0: return this.answered.shift() ?? 0;
    }
    return super.readUint32(offset);
  }

  writeUint32(offset, value) {
    if (offset !== DR0) {
      super.writeUint32(offset, value);
      return;
    }
    if (this.isAutomatic && !this.answered.length && this.sent.length) this.end();
    if (this.values.get(SSIENR)) this.answered.push(this.isSelected ? this.exchange(value & 255) : 255);
  }

  /** Chip select is overridden: left to the SSI, driven low or driven high. */
  select(override) {
    const isLow = override !== OVERRIDE_HIGH;
    this.isAutomatic = override === OVERRIDE_NONE;
    if (isLow && !this.isSelected) {
      this.sent = [];
      this.answered = [];
    } else if (!isLow && this.isSelected) {
      this.end();
    }
    this.isSelected = isLow;
  }

  address() {
    return ((this.sent[1] << 16) | (this.sent[2] << 8) | this.sent[3]) % FLASH_BYTES;
  }

  /** One byte in, one byte out. */
  exchange(byte) {
    this.sent.push(byte);
    const position = this.sent.length - 1;
    if (position === 0) {
      if (byte === WRITE_ENABLE) this.isWritable = true;
      if (byte === WRITE_DISABLE) this.isWritable = false;
      return 255;
    }
    switch (this.sent[0]) {
      case READ_STATUS_1: return this.isWritable ? WRITE_ENABLED : 0;
      case READ_STATUS_2: return WRITE_ENABLED;
      case JEDEC_ID: return JEDEC[position - 1] ?? 0;
      case UNIQUE_ID: return position < UNIQUE_ID_DUMMIES ? 255 : this.identity[(position - UNIQUE_ID_DUMMIES) % 8];
      case READ: return position < ADDRESSED ? 255 : this.rp2040.flash[(this.address() + position - ADDRESSED) % FLASH_BYTES];
    }
    return 255;
  }

  /** Chip select went high: the chip performs what it was sent. */
  end() {
    const command = this.sent[0];
    const isOperation = command === PAGE_PROGRAM || command === SECTOR_ERASE || command === BLOCK_ERASE;
    if (isOperation && this.isWritable && this.sent.length >= ADDRESSED) {
      this.operations += 1;
      const isTorn = this.operations === this.cutAt;
      if (this.operations === this.wearAt) this.worn.add(this.address() - (this.address() % SECTOR_BYTES));
      if (this.log !== null) this.log.push(Buffer.from(this.sent));
      if (command === PAGE_PROGRAM) this.program(isTorn);
      else this.erase(command === SECTOR_ERASE ? SECTOR_BYTES : BLOCK_BYTES, isTorn);
      if (isTorn) this.onPowerCut();
      this.wait(command === PAGE_PROGRAM ? this.pageNanos : this.sectorNanos);
    }
    if (isOperation || command === WRITE_STATUS) this.isWritable = false;
    this.sent = [];
  }

  /** Time passes for everything but the processor, which asks for the status again and again. */
  wait(nanos) {
    if (nanos) this.rp2040.clock.tick(nanos);
  }

  /** Clear bits of one page; behind its end the address starts again at its beginning. Torn: the first half of the bytes. */
  program(isTorn) {
    this.pages += 1;
    const address = this.address(), data = this.sent.slice(ADDRESSED);
    const page = address - (address % PAGE_BYTES);
    const count = isTorn ? data.length >> 1 : data.length;
    const first = this.worn.has(page - (page % SECTOR_BYTES)) ? WORN_BYTES : 0;
    for (let i = first; i < count; i++) this.rp2040.flash[page + ((address + i) % PAGE_BYTES)] &= data[i];
  }

  /** Set all bits of the block around the address. Torn: the first half of a sector. */
  erase(bytes, isTorn) {
    this.erases += bytes / SECTOR_BYTES;
    const start = this.address() - (this.address() % bytes);
    this.rp2040.flash.fill(255, start, start + (isTorn ? SECTOR_BYTES / 2 : bytes));
  }
}
