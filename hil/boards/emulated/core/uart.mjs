// UART0 of an RP2040: an ARM PL011 (RP2040 datasheet, section 4.2) with both of its FIFOs, and with the time that each character
// takes on its line. The library's own has no FIFO to send, sends in no time, and loses nothing.
//
// What arrives when the FIFO is full is lost, and the overrun bit says so until the program clears it.
import { BasePeripheral } from 'rp2040js';

const DR = 0x00, RSR = 0x04, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2c, CR = 0x30, IFLS = 0x34, IMSC = 0x38, RIS = 0x3c;
const MIS = 0x40, ICR = 0x44, DMACR = 0x48, ID = 0xfe0;
const IDENTITY = [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1];  // UARTPERIPHID0 to UARTPCELLID3
const ENABLED = 1 << 0, TX_ENABLED = 1 << 8, RX_ENABLED = 1 << 9;  // of CR
const BUSY = 1 << 3, RX_EMPTY = 1 << 4, TX_FULL = 1 << 5, RX_FULL = 1 << 6, TX_EMPTY = 1 << 7;  // of FR
const RX_READY = 1 << 4, TX_READY = 1 << 5, RX_TIMEOUT = 1 << 6, OVERRUN = 1 << 10;  // interrupts
const OVERRUN_SEEN = 1 << 3;  // of RSR
const FIFOS_ENABLED = 1 << 4;  // of LCR_H
const RX_DMA = 1 << 0;  // of DMACR
const FIFO_CHARACTERS = 32, LEVELS = [4, 8, 16, 24, 28];
const CHARACTER_BITS = 10;  // start, eight of data, stop
const TIMEOUT_BITS = 32;  // of silence, after which what waits in the FIFO is told of
const SECOND_NANOS = 1e9, CYCLE_NANOS = 8;

/** Whole cycles of the processor: all time of the chip passes in these. */
function nanosOf(bits, baud) {
  return CYCLE_NANOS * Math.round(bits * SECOND_NANOS / baud / CYCLE_NANOS);
}

export class Uart extends BasePeripheral {
  constructor(mcu, name, irq, dreq) {
    super(mcu, name);
    Object.assign(this, { mcu, irq, dreq });
    this.output = [];  // to the adapter: characters that have left
    this.input = [];  // from the adapter: [bytes, baud]
    this.taken = 0;  // of its first part
    this.shifting = -1;  // the character on its way out
    const { clock } = mcu;
    this.sent = clock.createAlarm(() => this.finishCharacter());
    this.arrival = clock.createAlarm(() => this.arrive());
    this.silence = clock.createAlarm(() => this.raise(RX_TIMEOUT));
    this.reset();
  }

  reset() {
    for (const alarm of [this.sent, this.silence]) alarm.cancel();
    Object.assign(this, { rx: [], tx: [], shifting: -1, status: 0, mask: 0, whole: 0, part: 0, format: 0, levels: 0x12, errors: 0 });
    this.control = RX_ENABLED | TX_ENABLED;
    this.dma = 0;
    this.tellDma();
    this.tell();
  }

  /** Bits in a second, 0 until the program has chosen. */
  get baud() {
    return this.whole === 0 ? 0 : Math.round(this.mcu.clkPeri / (16 * (this.whole + this.part / 64)));
  }

  get unread() {
    return this.input.reduce((sum, [bytes]) => sum + bytes.length, 0) - this.taken;
  }

  get depth() {
    return this.format & FIFOS_ENABLED ? FIFO_CHARACTERS : 1;
  }

  raise(interrupt) {
    this.status |= interrupt;
    this.tell();
  }

  tell() {
    this.mcu.setInterrupt(this.irq, (this.status & this.mask) !== 0);
  }

  tellDma() {
    if (this.dma & RX_DMA && this.rx.length) this.mcu.dma.setDREQ(this.dreq);
    else this.mcu.dma.clearDREQ(this.dreq);
  }

  // --- to the board ---

  send(bytes, baud) {
    if (!bytes.length) return;
    this.input.push([bytes, baud]);
    if (this.input.length === 1) this.arrival.schedule(nanosOf(CHARACTER_BITS, baud));
  }

  arrive() {
    const [[bytes, baud]] = this.input, value = bytes[this.taken];
    this.taken += 1;
    if (this.taken === bytes.length) {
      this.input.shift();
      this.taken = 0;
    }
    if (this.input.length) this.arrival.schedule(nanosOf(CHARACTER_BITS, baud));
    if (!(this.control & ENABLED) || !(this.control & RX_ENABLED) || !this.baud) return;
    if (this.rx.length >= this.depth) {
      this.errors |= OVERRUN_SEEN;
      this.raise(OVERRUN);
      return;
    }
    this.rx.push(value);
    if (this.dma & RX_DMA) this.tellDma();
    if (this.rx.length >= LEVELS[(this.levels >> 3) & 7]) this.raise(RX_READY);
    if (!this.input.length) this.silence.schedule(nanosOf(TIMEOUT_BITS, this.baud));
  }

  read() {
    const value = this.rx.shift() ?? 0;
    if (this.rx.length < LEVELS[(this.levels >> 3) & 7]) this.status &= ~RX_READY;
    if (!this.rx.length) {
      this.status &= ~RX_TIMEOUT;
      this.silence.cancel();
      this.tellDma();
    }
    this.tell();
    return value;
  }

  // --- from the board ---

  write(value) {
    if (this.tx.length < this.depth) this.tx.push(value & 0xff);
    if (this.tx.length > LEVELS[this.levels & 7]) this.status &= ~TX_READY;
    this.tell();
    if (this.shifting < 0) this.beginCharacter();
  }

  beginCharacter() {
    if (!this.tx.length || !(this.control & ENABLED) || !(this.control & TX_ENABLED) || !this.baud) return;
    this.shifting = this.tx.shift();
    if (this.tx.length === LEVELS[this.levels & 7]) this.raise(TX_READY);  // told of as the level is passed, not at it
    this.sent.schedule(nanosOf(CHARACTER_BITS, this.baud));
  }

  finishCharacter() {
    this.output.push(this.shifting);
    this.shifting = -1;
    this.beginCharacter();
  }

  /** All characters that have left since the last call. */
  receive() {
    const data = Buffer.from(this.output);
    this.output = [];
    return data;
  }

  // --- registers ---

  get flags() {
    return (this.shifting >= 0 || this.tx.length ? BUSY : 0) | (this.rx.length ? 0 : RX_EMPTY) |
      (this.tx.length >= this.depth ? TX_FULL : 0) | (this.rx.length >= this.depth ? RX_FULL : 0) | (this.tx.length ? 0 : TX_EMPTY);
  }

  readUint32(offset) {
    switch (offset) {
      case DR: return this.read();
      case RSR: return this.errors;
      case FR: return this.flags;
      case IBRD: return this.whole;
      case FBRD: return this.part;
      case LCR_H: return this.format;
      case CR: return this.control;
      case IFLS: return this.levels;
      case IMSC: return this.mask;
      case RIS: return this.status;
      case MIS: return this.status & this.mask;
      case DMACR: return this.dma;
      default: return offset >= ID ? IDENTITY[(offset - ID) >> 2] : super.readUint32(offset);
    }
  }

  writeUint32(offset, value) {
    switch (offset) {
      case DR: this.write(value); break;
      case RSR: this.errors = 0; break;
      case IBRD: this.whole = value & 0xffff; break;
      case FBRD: this.part = value & 0x3f; break;
      case LCR_H:
        this.format = value & 0xff;
        if (!(value & FIFOS_ENABLED)) {
          this.rx = this.rx.slice(0, 1);
          this.tx = [];
        }
        break;
      case CR:
        this.control = value & 0xffff;
        if (this.shifting < 0) this.beginCharacter();
        break;
      case IFLS: this.levels = value & 0x3f; break;
      case IMSC: this.mask = value & 0x7ff; this.tell(); break;
      case ICR: this.status &= ~this.rawWriteValue; this.tell(); break;
      case DMACR: this.dma = value & 7; this.tellDma(); break;
      default: super.writeUint32(offset, value);
    }
  }
}
