/** The load generator: a process of its own that runs one job at a time, by messages. */
import type { Job } from './job.js';
import { playRound } from './round.js';

process.on('disconnect', () => process.exit());
process.on('message', (job: Job) => {
  playRound(job).then(
    (outcome) => process.send?.({ outcome }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
