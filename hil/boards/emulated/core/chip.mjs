// A Pico in virtual time: an RP2040 of the npm package rp2040js, and what MicroPython needs that the package lacks.
//
// Time passes in `advance` only, in whole cycles of 8 ns. What happens is a function of flash, identity, seed and of the bytes
// and times that `advance` is given: no clock and no random number of the host is read.
//
// Not modelled: time that flash operations take, the flash cache, the second core, back-pressure on USB.
import { createHash } from 'node:crypto';
import { BasePeripheral, ConsoleLogger, LogLevel, RP2040, USBCDC } from 'rp2040js';
import { Flash, FLASH_BYTES, Memory, QspiPins } from './flash.mjs';
import { burstOf } from './instructions.mjs';
import { run } from './run.mjs';
import { Uart } from './uart.mjs';

const FLASH_START = 0x10000000;
// Where peripherals lie in the address space, in units of 4 KiB.
const XIP_CTRL = 0x14000, SSI = 0x18000, RESETS = 0x4000c, IO_QSPI = 0x40018, UART0 = 0x40034, WATCHDOG = 0x40058, ROSC = 0x40060;
const VREG = 0x40064, UART0_RESET = 1 << 22;  // section 2.14.3
const ROSC_STATUS = 0x18, ROSC_RANDOM_BIT = 0x1c, ROSC_STABLE = 0x80001000;  // RP2040 datasheet, section 2.17.8
const UART_DATA = 0, UART_TRANSMITTED = 1 << 5;  // section 4.2.8: UARTDR, TXRIS

/** The ring oscillator, whose random bit feeds os.urandom: a stream that follows from `seed`. */
class RingOscillator extends Memory {
  constructor(mcu, seed) {
    super(mcu, 'ROSC');
    this.seed = seed;
    this.drawn = 0;
    this.bits = Buffer.alloc(0);
  }
  readUint32(offset) {
    if (offset === ROSC_STATUS) return ROSC_STABLE;
    if (offset !== ROSC_RANDOM_BIT) return super.readUint32(offset);
    const at = this.drawn % 256;
    if (at === 0) this.bits = createHash('sha256').update(`${this.seed} ${this.drawn}`).digest();
    this.drawn += 1;
    return (this.bits[at >> 3] >> (at & 7)) & 1;
  }
}

/** As shipped the UART's transmit interrupt comes back as soon as it is cleared, and machine.UART() never returns. */
function quietUart(mcu, uart) {
  const write = uart.writeUint32.bind(uart);
  uart.checkInterrupts = () => mcu.setInterrupt(uart.irq, (uart.interruptStatus & uart.interruptMask) !== 0);
  uart.writeUint32 = (offset, value) => {
    write(offset, value);
    if (offset !== UART_DATA) return;
    uart.interruptStatus |= UART_TRANSMITTED;
    uart.checkInterrupts();
  };
}

export class Chip {
  /**
   * flash: the first bytes of flash, at most 2 MiB. bootrom: 16 KiB as words. identity: eight bytes. seed: a string.
   * flashNanos: [for a page, for a sector] of flash that is written or erased, in which the processor stands still.
   * isPlain: every instruction by the library's own core. without: names of fixes that a test leaves out, to see their faults.
   */
  constructor({ flash, bootrom, identity, seed, flashNanos = [0, 0], isPlain = false, without = [] }) {
    Object.assign(this, { bootrom, identity, seed, flashNanos, isPlain, without });
    this.input = [];  // host to board
    this.output = [];  // board to host
    this.idleNanos = 0;  // in which the processor waited for an interrupt
    this.resets = 0;
    this.reads = 0;  // how often the board asked the host for bytes
    this.isPowered = true;
    this.isHung = false;  // the processor stands still until a reset
    this.dipsNext = false;  // the next cut of power is a dip: the chip resets, and forgets why
    this.isUnread = false;  // the host takes nothing from the board
    this.sampler = null;  // see profiler.mjs
    this.clock = undefined;
    this.boot(flash, null);
  }

  get nanos() {
    return this.clock.nanosCounter;
  }

  /** The bytes of the flash chip. */
  get memory() {
    return this.mcu.flash.subarray(0, FLASH_BYTES);
  }

  get unread() {
    return this.input.reduce((sum, part) => sum + part.length, 0);
  }

  /** A fresh processor on this flash. `before`: the one that was reset, null at power-on. */
  boot(flash, before) {
    const mcu = this.mcu = new RP2040(this.clock);
    this.clock = mcu.clock;
    mcu.logger = new ConsoleLogger(LogLevel.Error, false);
    mcu.loadBootrom(this.bootrom);
    mcu.flash.set(flash);
    const identity = this.without.includes('identity') ? Buffer.alloc(8, 255) : this.identity;
    const chip = this.flash = new Flash(mcu, identity, this.flashNanos, () => this.losePower());
    mcu.peripherals[SSI] = chip;
    mcu.peripherals[IO_QSPI] = new QspiPins(mcu, (override) => chip.select(override));
    mcu.peripherals[ROSC] = new RingOscillator(mcu, this.without.includes('noise') ? '' : `${this.seed} ${this.resets}`);
    mcu.peripherals[VREG] = new Memory(mcu, 'VREG');
    mcu.peripherals[XIP_CTRL] = new Memory(mcu, 'XIP_CTRL');
    this.attachUart(mcu);
    this.attachWatchdog(before);
    this.attachHost();
    this.burst = this.isPlain ? null : burstOf(mcu);
    mcu.core.PC = FLASH_START;
  }

  /** UART0 has a line; nothing is connected to UART1. A program that puts UART0 into reset loses what waits in it. */
  attachUart(mcu) {
    if (this.without.includes('uart')) return;
    const { irq, dreq } = mcu.uart[0], uart = this.uart = new Uart(mcu, 'UART0', irq, dreq.rx), resets = mcu.peripherals[RESETS];
    mcu.peripherals[UART0] = uart;
    quietUart(mcu, mcu.uart[1]);
    const write = resets.writeUint32.bind(resets);
    resets.writeUint32 = (offset, value) => {
      write(offset, value);
      if (offset === 0 && value & UART0_RESET) uart.reset();
    };
  }

  /** A watchdog that bites resets the chip and leaves why in registers that outlive the reset. */
  attachWatchdog(before) {
    const watchdog = this.mcu.peripherals[WATCHDOG];
    if (before) {
      const old = before.peripherals[WATCHDOG];
      watchdog.reason = old.reason;
      watchdog.scratchData.set(old.scratchData);
    }
    this.mustReset = false;
    watchdog.onWatchdogTrigger = () => {
      this.mustReset = true;
      watchdog.alarm.enable = false;  // as shipped it is due again in no time, forever
    };
  }

  /** The host's end of the USB serial line says "not yet" while it has nothing to send. As shipped it answers with a
   *  packet of no bytes, the board asks again, and its processor handles interrupts forever. */
  attachHost() {
    const usb = this.mcu.usbCtrl, line = new USBCDC(usb);
    line.onSerialData = (data) => this.output.push(Buffer.from(data));
    const answer = usb.onEndpointRead, onReset = usb.onResetReceived, ready = usb.indicateBufferReady.bind(usb);
    this.untaken = [];  // packets whose taking the board is not told
    this.taken = (endpoint) => ready(endpoint, false);
    usb.indicateBufferReady = (endpoint, out) => {
      if (this.isUnread && !out && endpoint === line.inEndpoint) this.untaken.push(endpoint);
      else ready(endpoint, out);
    };
    this.asked = [];  // reads that found nothing
    usb.onResetReceived = () => {
      this.asked = [];
      onReset();
    };
    this.onRead = usb.onEndpointRead = (endpoint, size) => {
      if (endpoint !== line.outEndpoint) return answer(endpoint, size);
      this.reads += 1;
      if (this.input.length) usb.endpointReadDone(endpoint, this.take(size));
      else if (this.without.includes('host')) answer(endpoint, size);
      else this.asked.push([endpoint, size]);
    };
  }

  take(most) {
    const [first] = this.input, part = new Uint8Array(first.subarray(0, most));
    if (first.length <= most) this.input.shift();
    else this.input[0] = first.subarray(most);
    return part;
  }

  send(data) {
    if (data.length) this.input.push(data);
  }

  /** All bytes from the board since the last call. */
  receive() {
    const data = Buffer.concat(this.output);
    this.output = [];
    return data;
  }

  /** Tear the `operations`-th flash operation from now and lose power there. */
  cutPowerAt(operations) {
    this.flash.cutAt = this.flash.operations + operations;
  }

  losePower() {
    if (this.dipsNext) this.mustReset = true;
    else this.isPowered = false;
  }

  /** Faults of hardware. hang: the processor stands still, its watchdog does not. brown_out: power dips in the middle of the
   *  `operations`-th flash operation from now. worn_flash: that operation's sector wears out. */
  suffer(fault, operations) {
    if (fault === 'hang') this.isHung = true;
    else if (fault === 'brown_out') {
      this.dipsNext = true;
      this.cutPowerAt(operations);
    } else if (fault === 'worn_flash') this.flash.wearAt = this.flash.operations + operations;
    else throw new Error(`fault ${JSON.stringify(fault)}: unknown`);
  }

  /** The host takes what the board sends, or lets it wait. */
  read(isUnread) {
    this.isUnread = isUnread;
    if (!isUnread) for (const endpoint of this.untaken.splice(0)) this.taken(endpoint);
  }

  reset() {
    const before = this.mcu, { operations, pages, erases, cutAt, log, wearAt, worn } = this.flash;
    this.resets += 1;
    this.clock.nextAlarm = null;  // every alarm belonged to the old processor
    this.boot(before.flash.slice(0, FLASH_BYTES), this.dipsNext ? null : before);
    this.isHung = this.dipsNext = false;
    Object.assign(this.flash, { operations, pages, erases, cutAt, log, wearAt, worn });
  }

  /** Let `nanos` pass, to the end of an instruction, or less if the power is cut meanwhile. */
  advance(nanos) {
    if (!this.isPowered) return;
    const end = this.clock.nanosCounter + nanos, asked = this.asked;
    this.asked = [];
    for (const [endpoint, size] of asked) this.onRead(endpoint, size);
    while (this.clock.nanosCounter < end && this.isPowered) {
      run(this, end);
      if (this.mustReset && this.isPowered) this.reset();
    }
  }
}
