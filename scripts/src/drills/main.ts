import { Command } from 'commander';
import { awayDrill } from './away.js';
import { durableDrill } from './durable.js';

interface Options {
  readonly short?: boolean;
  readonly away?: string;
  readonly frozen?: boolean;
}

const tell = (line: string) => void process.stdout.write(`${line}\n`);

async function run(rounds: string, { short = false, away, frozen = false }: Options): Promise<void> {
  const isWhole = away === undefined ? await durable(short ? 6 : Number(rounds)) : await awayFor(Number(away), frozen);
  process.exitCode = isWhole ? 0 : 1;
}

async function durable(rounds: number): Promise<boolean> {
  const { faults, unanswered, stuck, ended } = await durableDrill({ rounds, restMs: [2_000, 4_000], tell });
  return faults.length + unanswered.length + stuck + ended.length === 0;
}

async function awayFor(seconds: number, frozen: boolean): Promise<boolean> {
  const broken = await awayDrill({ seconds, frozen, tell });
  for (const words of broken) tell(`BROKEN: ${words}`);
  return broken.length === 0;
}

await new Command('durable')
  .description(
    'Kills each part of a busy Parley in turn; exit code 1 where something acked was lost, twice or disordered.',
  )
  .argument('[rounds]', 'how many kills', '50')
  .option('--short', 'six rounds')
  .option('--away <seconds>', 'instead: the database is away for so long')
  .option('--frozen', 'with --away: PostgreSQL is stopped with SIGSTOP, so that connections hang')
  .action(run)
  .parseAsync();
