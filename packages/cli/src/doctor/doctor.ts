import { errorText } from '../failure.js';
import { counted, terminalLine } from '../plain-text.js';
import type { CommandSession } from '../session.js';
import { type Check, type Finding, fault } from './check.js';
import { checksOf } from './checks.js';
import { inTime } from './step.js';
import { type DoctorOptions, surroundingsOf } from './surroundings.js';

/** Steps of one check that may follow each other. */
const stepsInARow = 4;

/** A finding, and the check that made it. */
interface CheckedFinding extends Finding {
  readonly check: string;
}

/** Runs a check. It always returns within its time, and a failure of the check itself is a fault. */
export async function runCheck({ name, run }: Check, withinMs: number): Promise<Finding[]> {
  try {
    return await inTime(run(), withinMs);
  } catch (thrown) {
    return [
      fault(
        name,
        `The check failed: ${errorText(thrown)}.`,
        'If you cannot explain that, report it as a fault of Parley.',
      ),
    ];
  }
}

const marks = { ok: 'ok     ', skipped: 'skipped', warning: 'warning', fault: 'FAULT  ' } as const;

function lines({ check, level, about, words, change }: CheckedFinding): string {
  const first = `${marks[level]}  ${check}: ${terminalLine(about)}: ${terminalLine(words)}`;
  return change === undefined ? first : `${first}\n         ${terminalLine(change)}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  const [faults, warnings, left] = [count('fault'), count('warning'), count('skipped')];
  const rest = `${counted(warnings, 'warning')}, ${left} not tried`;
  if (faults === 0) return `No fault was found (${rest}).`;
  return `${counted(faults, 'fault')} (${rest}).`;
}

/** Runs every check and prints what they find. Sets the exit code to 1 if there is a fault. */
export async function runDoctor(session: CommandSession, options: DoctorOptions): Promise<void> {
  const where = await surroundingsOf(session, options);
  const withinMs = where.idleMs + stepsInARow * where.timeoutMs;
  const results = await Promise.all(
    checksOf(where).map(async (check) => {
      const findings = await runCheck(check, withinMs);
      return findings.map((finding): CheckedFinding => ({ check: check.name, ...finding }));
    }),
  );
  const findings = results.flat();
  const isHealthy = findings.every(({ level }) => level !== 'fault');
  if (!isHealthy) process.exitCode = 1;
  session.print(`${findings.map(lines).join('\n')}\n\n${summary(findings)}`, { healthy: isHealthy, findings });
}
