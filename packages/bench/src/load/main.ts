/** The load generator, a process of its own: one job at a time, told and answered by messages. */
import type { Job } from './job.js';
import { playRound } from './round.js';

process.on('disconnect', () => process.exit());
process.on('message', (job: Job) => {
  playRound(job).then(
    (outcome) => process.send?.({ outcome }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
