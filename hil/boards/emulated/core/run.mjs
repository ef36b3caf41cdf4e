// Let time pass on a chip: by instructions while its processor works, by alarms while it waits for an interrupt.
const CYCLE_NANOS = 8;  // at 125 MHz
const BURST_CYCLES_MAX = 1 << 30;

/** Let `nanos` pass, with the alarms that are due. */
function pass(clock, nanos) {
  const alarm = clock.nextAlarm;
  if (alarm !== null && alarm.nanos <= clock.nanosCounter + nanos) clock.tick(nanos);
  else clock.nanosCounter += nanos;
}

/** The processor waits: go to the next alarm, or to `end` if that comes first. */
function idle(chip, end) {
  const { clock, mcu: { core } } = chip, alarm = clock.nextAlarm;
  const until = alarm === null || alarm.nanos > end ? end : alarm.nanos;
  chip.idleNanos += until - clock.nanosCounter;
  pass(clock, until - clock.nanosCounter);
  if (core.interruptsUpdated && core.checkForInterrupts()) core.waiting = false;
}

/** Cycles until `end` or the next alarm, rounded up: the instruction that reaches it is the last before it. */
function cyclesUntil(clock, end) {
  const alarm = clock.nextAlarm, until = alarm === null || alarm.nanos > end ? end : alarm.nanos;
  return Math.min(Math.ceil((until - clock.nanosCounter) / CYCLE_NANOS), BURST_CYCLES_MAX);
}

/** Run until `end`, a reset or the loss of power. `burst`: see instructions.mjs; without it the library does everything.
 *  A sampler is shown the chip when it has worked long enough, between two instructions. */
export function run(chip, end) {
  const { clock, burst, sampler, mcu: { core } } = chip;
  while (clock.nanosCounter < end && !chip.mustReset && chip.isPowered) {
    if (chip.isHung) {
      const alarm = clock.nextAlarm;
      pass(clock, (alarm === null || alarm.nanos > end ? end : alarm.nanos) - clock.nanosCounter);
      continue;
    }
    if (core.waiting) {
      idle(chip, end);
      continue;
    }
    let until = end;
    if (sampler !== null) {
      const busy = clock.nanosCounter - chip.idleNanos;
      if (busy >= sampler.due) sampler.take(busy);
      until = Math.min(end, clock.nanosCounter + sampler.due - busy);
    }
    if (burst !== null && !core.interruptsUpdated) {
      const budget = cyclesUntil(clock, until), used = burst(budget);
      pass(clock, used * CYCLE_NANOS);
      if (used >= budget) continue;
    }
    pass(clock, core.executeInstruction() * CYCLE_NANOS);
  }
}

