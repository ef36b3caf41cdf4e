// The hot instructions of a Cortex-M0+ in one switch. rp2040js tests an instruction against some sixty patterns, one after the
// other, and each access to memory against its peripherals; this does neither.
//
// `burstOf(mcu)` gives a function that executes instructions from PC until it has used so many cycles, or until one comes that it
// leaves to the library: rare instructions, addresses outside of RAM, flash, boot ROM and divider, addresses that are not
// aligned, returns from exceptions. No alarm and no interrupt may be due meanwhile. State and cycles are those of the library's
// core, errors included; tests/conformance/boards/differential.mjs compares the two.
//
// One function, because the compiler of JavaScript then keeps the processor's state in the host's registers. Numbers are
// signed, 32 bits. N is the sign of `n`, V the sign of `v`, Z says that `z` is 0, `c` is 0 or 1.
const RAM = 0x20000000, RAM_BYTES = 264 * 1024, FLASH = 0x10000000, FLASH_BYTES = 16 * 1024 * 1024, ROM_BYTES = 16384;
// Registers of the SIO without an effect elsewhere: number of the processor; the divider, of which the last is read only.
const SIO = 0xd0000000 | 0, CPUID = 0, DIVIDER = 0x60, DIVIDER_BYTES = 0x1c;
const EXCEPTION_RETURN = 15;  // the upper four bits of an address that is not one
const FIRST_OF_32_BITS = 0b11110;

function ones(bits) {
  let count = 0;
  for (; bits; bits &= bits - 1) count++;
  return count;
}

export function burstOf(mcu) {
  const { core, sram, flash, bootrom, sio } = mcu;
  const ints = new Int32Array(core.registers.buffer);
  const ramHalves = new Uint16Array(sram.buffer), ramWords = new Int32Array(sram.buffer);
  const flashHalves = new Uint16Array(flash.buffer), flashWords = new Int32Array(flash.buffer);
  const romHalves = new Uint16Array(bootrom.buffer), romWords = new Int32Array(bootrom.buffer);

  return function burst(budget) {
    const r = ints, ram8 = sram, ram16 = ramHalves, ram32 = ramWords;
    const flash8 = flash, flash16 = flashHalves, flash32 = flashWords;
    let n = core.N ? -1 : 0, z = core.Z ? 0 : 1, c = core.C ? 1 : 0, v = core.V ? -1 : 0;
    let used = 0, pc = r[15];
    while (used < budget) {
      const at = pc & ~1;
      let op, o = (at - FLASH) >>> 0;
      if (o < FLASH_BYTES) op = flash16[o >> 1];
      else if ((o = (at - RAM) >>> 0) < RAM_BYTES) op = ram16[o >> 1];
      else if (at >>> 0 < ROM_BYTES) op = romHalves[at >> 1];
      else break;
      let cycles = 1, next = at + 2;  // cycles 0: left to the library
      switch (op >> 11) {
        case 0b00000: {  // LSLS immediate
          const x = r[(op >> 3) & 7], k = (op >> 6) & 31;
          if (k) c = (x >>> (32 - k)) & 1;
          r[op & 7] = n = z = x << k;
          break;
        }
        case 0b00001: {  // LSRS immediate
          const x = r[(op >> 3) & 7], k = (op >> 6) & 31;
          c = (x >>> (k ? k - 1 : 31)) & 1;
          r[op & 7] = n = z = k ? x >>> k : 0;
          break;
        }
        case 0b00010: {  // ASRS immediate
          const x = r[(op >> 3) & 7], k = (op >> 6) & 31 || 32;
          c = (x >>> (k - 1)) & 1;
          r[op & 7] = n = z = x >> (k === 32 ? 31 : k);
          break;
        }
        case 0b00011: {  // ADDS, SUBS: a register or three bits
          const a = r[(op >> 3) & 7], b = op & 0x400 ? (op >> 6) & 7 : r[(op >> 6) & 7];
          if (op & 0x200) {
            n = z = (a - b) | 0; c = a >>> 0 >= b >>> 0 ? 1 : 0; v = (a ^ b) & (a ^ n);
          } else {
            n = z = (a + b) | 0; c = n >>> 0 < a >>> 0 ? 1 : 0; v = ~(a ^ b) & (a ^ n);
          }
          r[op & 7] = n;
          break;
        }
        case 0b00100: r[(op >> 8) & 7] = n = z = op & 255; break;  // MOVS
        case 0b00101: {  // CMP immediate
          const a = r[(op >> 8) & 7], b = op & 255;
          n = z = (a - b) | 0; c = a >>> 0 >= b ? 1 : 0; v = (a ^ b) & (a ^ n);
          break;
        }
        case 0b00110: {  // ADDS immediate
          const a = r[(op >> 8) & 7], b = op & 255;
          r[(op >> 8) & 7] = n = z = (a + b) | 0; c = n >>> 0 < a >>> 0 ? 1 : 0; v = ~(a ^ b) & (a ^ n);
          break;
        }
        case 0b00111: {  // SUBS immediate
          const a = r[(op >> 8) & 7], b = op & 255;
          r[(op >> 8) & 7] = n = z = (a - b) | 0; c = a >>> 0 >= b ? 1 : 0; v = (a ^ b) & (a ^ n);
          break;
        }
        case 0b01000: {
          if (op & 0x400) {  // any register; SP stays aligned, a write of PC is a branch
            const d = ((op >> 4) & 8) | (op & 7), m = (op >> 3) & 15, b = r[m];
            if (m === 15) cycles = 0;  // PC as an operand: left to the library
            else switch ((op >> 8) & 3) {
              case 0:  // ADD
                if (d < 13 || d === 14) r[d] = r[d] + b;
                else if (d === 13) r[13] = (r[13] + b) & ~3;
                else { next = (at + 4 + b) & ~1; cycles = 2; }
                break;
              case 1:  // CMP
                if (d === 15) { cycles = 0; break; }
                n = z = (r[d] - b) | 0; c = r[d] >>> 0 >= b >>> 0 ? 1 : 0; v = (r[d] ^ b) & (r[d] ^ n);
                break;
              case 2:  // MOV
                if (d < 13 || d === 14) r[d] = b;
                else if (d === 13) r[13] = b & ~3;
                else { next = b & ~1; cycles = 2; }
                break;
              default:  // BX, BLX
                if (op & 7 || (!(op & 0x80) && b >>> 28 === EXCEPTION_RETURN)) { cycles = 0; break; }
                next = b & ~1;
                if (op & 0x80) {
                  // The library sets the link first: a call of the link register goes to the link.
                  r[14] = (at + 2) | 1;
                  next = r[m] & ~1;
                }
                cycles = 2;
            }
            break;
          }
          const d = op & 7, a = r[d], b = r[(op >> 3) & 7];
          switch ((op >> 6) & 15) {
            case 0: r[d] = n = z = a & b; break;  // ANDS
            case 1: r[d] = n = z = a ^ b; break;  // EORS
            case 2: {  // LSLS
              const k = b & 255;
              if (k) c = (a >>> (32 - k)) & 1;
              r[d] = n = z = k >= 32 ? 0 : a << k;
              break;
            }
            case 4: {  // ASRS
              const k = (b & 255) < 32 ? b & 255 : 32;
              c = (a >>> (k - 1)) & 1;  // of 0: the sign, as the library has it
              r[d] = n = z = a >> (k === 32 ? 31 : k);
              break;
            }
            case 3: {  // LSRS
              const k = b & 255;
              c = k <= 32 ? (a >>> (k - 1)) & 1 : 0;
              r[d] = n = z = k < 32 ? (a >>> k) | 0 : 0;
              break;
            }
            case 5: {  // ADCS
              const e = (a + c) | 0, x = (b + e) | 0;
              c = (a >>> 0) + (b >>> 0) + c > 0xffffffff ? 1 : 0; v = ~(b ^ e) & (b ^ x);
              r[d] = n = z = x;
              break;
            }
            case 6: {  // SBCS
              const e = (b + 1 - c) | 0;
              c = a >>> 0 >= (b >>> 0) + 1 - c ? 1 : 0;
              n = z = (a - e) | 0; v = (a ^ e) & (a ^ n);
              r[d] = n;
              break;
            }
            case 7: {  // RORS
              const k = b & 31;
              r[d] = n = z = (a >>> k) | (a << (32 - k));
              c = n < 0 ? 1 : 0;
              break;
            }
            case 8: n = z = a & b; break;  // TST
            case 9: r[d] = n = z = -b | 0; c = b === 0 ? 1 : 0; v = b & n; break;  // RSBS
            case 10: n = z = (a - b) | 0; c = a >>> 0 >= b >>> 0 ? 1 : 0; v = (a ^ b) & (a ^ n); break;  // CMP
            case 12: r[d] = n = z = a | b; break;  // ORRS
            case 13: r[d] = n = z = Math.imul(a, b); break;  // MULS
            case 14: r[d] = n = z = a & ~b; break;  // BICS
            case 15: r[d] = n = z = ~b; break;  // MVNS
            default: cycles = 0;  // CMN
          }
          break;
        }
        case 0b01001: {  // LDR literal
          const a = ((at + 4) & ~3) + ((op & 255) << 2);
          cycles = 2;
          if ((o = (a - FLASH) >>> 0) < FLASH_BYTES) r[(op >> 8) & 7] = flash32[o >> 2];
          else if ((o = (a - RAM) >>> 0) < RAM_BYTES) r[(op >> 8) & 7] = ram32[o >> 2];
          else if (a >>> 0 < ROM_BYTES) r[(op >> 8) & 7] = romWords[a >> 2];
          else cycles = 0;
          break;
        }
        case 0b01010: case 0b01011: {  // loads and stores with a register offset
          const a = (r[(op >> 6) & 7] + r[(op >> 3) & 7]) | 0, d = op & 7, f = (a - FLASH) >>> 0;
          o = (a - RAM) >>> 0;
          const inRam = o < RAM_BYTES, inFlash = f < FLASH_BYTES;
          cycles = 2;
          switch ((op >> 9) & 7) {
            case 0: if (inRam && !(a & 3)) ram32[o >> 2] = r[d]; else cycles = 0; break;  // STR
            case 1: if (inRam && !(a & 1)) ram16[o >> 1] = r[d]; else cycles = 0; break;  // STRH
            case 2: if (inRam) ram8[o] = r[d]; else cycles = 0; break;  // STRB
            case 3:  // LDRSB
              if (inRam) r[d] = (ram8[o] << 24) >> 24; else if (inFlash) r[d] = (flash8[f] << 24) >> 24; else cycles = 0;
              break;
            case 4:  // LDR
              if (a & 3) cycles = 0;
              else if (inRam) r[d] = ram32[o >> 2];
              else if (inFlash) r[d] = flash32[f >> 2];
              else cycles = 0;
              break;
            case 5:  // LDRH
              if (a & 1) cycles = 0;
              else if (inRam) r[d] = ram16[o >> 1];
              else if (inFlash) r[d] = flash16[f >> 1];
              else cycles = 0;
              break;
            case 6: if (inRam) r[d] = ram8[o]; else if (inFlash) r[d] = flash8[f]; else cycles = 0; break;  // LDRB
            default:  // LDRSH
              if (a & 1) cycles = 0;
              else if (inRam) r[d] = (ram16[o >> 1] << 16) >> 16;
              else if (inFlash) r[d] = (flash16[f >> 1] << 16) >> 16;
              else cycles = 0;
          }
          break;
        }
        case 0b01100: {  // STR immediate
          const a = r[(op >> 3) & 7] + ((op >> 4) & 0x7c);
          o = (a - RAM) >>> 0; cycles = 2;
          if (a & 3) cycles = 0;
          else if (o < RAM_BYTES) ram32[o >> 2] = r[op & 7];
          else if ((o = (a - SIO) >>> 0) >= DIVIDER && o < DIVIDER + DIVIDER_BYTES - 4) {
            sio.writeUint32(o, r[op & 7] >>> 0);
            cycles = 1;
          } else cycles = 0;
          break;
        }
        case 0b01101: {  // LDR immediate
          const a = r[(op >> 3) & 7] + ((op >> 4) & 0x7c);
          o = (a - RAM) >>> 0; cycles = 2;
          if (a & 3) cycles = 0;
          else if (o < RAM_BYTES) r[op & 7] = ram32[o >> 2];
          else if ((o = (a - FLASH) >>> 0) < FLASH_BYTES) r[op & 7] = flash32[o >> 2];
          else if ((o = (a - SIO) >>> 0) === CPUID || (o >= DIVIDER && o < DIVIDER + DIVIDER_BYTES)) {
            r[op & 7] = sio.readUint32(o);
            cycles = 1;
          } else cycles = 0;
          break;
        }
        case 0b01110: {  // STRB immediate
          o = (r[(op >> 3) & 7] + ((op >> 6) & 31) - RAM) >>> 0; cycles = 2;
          if (o < RAM_BYTES) ram8[o] = r[op & 7]; else cycles = 0;
          break;
        }
        case 0b01111: {  // LDRB immediate
          const a = r[(op >> 3) & 7] + ((op >> 6) & 31);
          cycles = 2;
          if ((o = (a - RAM) >>> 0) < RAM_BYTES) r[op & 7] = ram8[o];
          else if ((o = (a - FLASH) >>> 0) < FLASH_BYTES) r[op & 7] = flash8[o];
          else cycles = 0;
          break;
        }
        case 0b10000: {  // STRH immediate
          const a = r[(op >> 3) & 7] + ((op >> 5) & 0x3e);
          o = (a - RAM) >>> 0; cycles = 2;
          if (a & 1 || o >= RAM_BYTES) cycles = 0; else ram16[o >> 1] = r[op & 7];
          break;
        }
        case 0b10001: {  // LDRH immediate
          const a = r[(op >> 3) & 7] + ((op >> 5) & 0x3e);
          cycles = 2;
          if (a & 1) cycles = 0;
          else if ((o = (a - RAM) >>> 0) < RAM_BYTES) r[op & 7] = ram16[o >> 1];
          else if ((o = (a - FLASH) >>> 0) < FLASH_BYTES) r[op & 7] = flash16[o >> 1];
          else cycles = 0;
          break;
        }
        case 0b10010: {  // STR at SP
          o = (r[13] + ((op & 255) << 2) - RAM) >>> 0; cycles = 2;
          if (o < RAM_BYTES) ram32[o >> 2] = r[(op >> 8) & 7]; else cycles = 0;
          break;
        }
        case 0b10011: {  // LDR at SP
          o = (r[13] + ((op & 255) << 2) - RAM) >>> 0; cycles = 2;
          if (o < RAM_BYTES) r[(op >> 8) & 7] = ram32[o >> 2]; else cycles = 0;
          break;
        }
        case 0b10100: r[(op >> 8) & 7] = (at & ~3) + 4 + ((op & 255) << 2); break;  // ADR
        case 0b10101: r[(op >> 8) & 7] = r[13] + ((op & 255) << 2); break;  // ADD of SP
        case 0b10110: {
          if (op >> 8 === 0b10110000) {  // ADD, SUB to SP
            const bytes = (op & 0x7f) << 2;
            r[13] = (op & 0x80 ? r[13] - bytes : r[13] + bytes) & ~3;
          } else if (op >> 9 === 0b1011010) {  // PUSH
            const list = op & 255, count = ones(op & 0x1ff), base = r[13] - 4 * count;
            o = (base - RAM) >>> 0;
            if (o > RAM_BYTES - 4 * count) { cycles = 0; break; }
            let w = o >> 2;
            for (let i = 0; i < 8; i++) if (list & (1 << i)) { ram32[w++] = r[i]; cycles++; }
            if (op & 0x100) ram32[w] = r[14];
            r[13] = base;
          } else {
            const x = r[(op >> 3) & 7];
            switch (op >> 6) {
              case 0b1011001000: r[op & 7] = (x << 16) >> 16; break;  // SXTH
              case 0b1011001001: r[op & 7] = (x << 24) >> 24; break;  // SXTB
              case 0b1011001010: r[op & 7] = x & 0xffff; break;  // UXTH
              case 0b1011001011: r[op & 7] = x & 255; break;  // UXTB
              default: cycles = 0;
            }
          }
          break;
        }
        case 0b10111: {  // POP
          const list = op & 255, count = ones(op & 0x1ff);
          o = (r[13] - RAM) >>> 0;
          if (op >> 9 !== 0b1011110 || o > RAM_BYTES - 4 * count) { cycles = 0; break; }
          let w = o >> 2;
          if (op & 0x100) {
            const to = ram32[w + count - 1];
            if (to >>> 28 === EXCEPTION_RETURN) { cycles = 0; break; }
            next = to & ~1;
            cycles = 3;
          }
          for (let i = 0; i < 8; i++) if (list & (1 << i)) { r[i] = ram32[w++]; cycles++; }
          r[13] = r[13] + 4 * count;
          break;
        }
        case 0b11000: case 0b11001: {  // STMIA, LDMIA
          const list = op & 255, m = (op >> 8) & 7;
          let a = r[m];
          o = (a - RAM) >>> 0;
          if (a & 3 || o > RAM_BYTES - 32) { cycles = 0; break; }
          let w = o >> 2;
          for (let i = 0; i < 8; i++) if (list & (1 << i)) {
            if (op & 0x800) r[i] = ram32[w++]; else ram32[w++] = r[i];
            a += 4;
            cycles++;
          }
          if (!(list & (1 << m))) r[m] = a;
          break;
        }
        case 0b11010: case 0b11011: {  // B with a condition; 14 and 15 are other instructions
          let isTaken = false;
          switch ((op >> 9) & 7) {
            case 0: isTaken = z === 0; break;
            case 1: isTaken = c !== 0; break;
            case 2: isTaken = n < 0; break;
            case 3: isTaken = v < 0; break;
            case 4: isTaken = c !== 0 && z !== 0; break;
            case 5: isTaken = (n ^ v) >= 0; break;
            case 6: isTaken = (n ^ v) >= 0 && z !== 0; break;
            default: cycles = 0;
          }
          if (cycles && isTaken === !(op & 0x100)) { next = at + 4 + ((op << 24) >> 23); cycles = 2; }
          break;
        }
        case 0b11100: next = at + 4 + ((op << 21) >> 20); cycles = 2; break;  // B
        case FIRST_OF_32_BITS: {  // BL
          let op2 = 0;
          if ((o = (next - FLASH) >>> 0) < FLASH_BYTES) op2 = flash16[o >> 1];
          else if ((o = (next - RAM) >>> 0) < RAM_BYTES) op2 = ram16[o >> 1];
          if ((op2 & 0xd000) !== 0xd000) { cycles = 0; break; }
          const s = (op >> 10) & 1, i1 = 1 - (s ^ ((op2 >> 13) & 1)), i2 = 1 - (s ^ ((op2 >> 11) & 1));
          r[14] = (at + 4) | 1;
          next = at + 4 + ((s ? 0xff000000 : 0) | (i1 << 23) | (i2 << 22) | ((op & 0x3ff) << 12) | ((op2 & 0x7ff) << 1));
          cycles = 3;
          break;
        }
        default: cycles = 0;
      }
      if (cycles === 0) break;
      used += cycles;
      pc = next;
    }
    r[15] = pc;
    core.N = n < 0; core.Z = z === 0; core.C = c !== 0; core.V = v < 0;
    core.cycles += used;
    return used;
  };
}
