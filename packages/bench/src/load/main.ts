/** The load generator: a separate process that receives jobs as messages and runs one at a time. */
import type { Job } from './job.js';
import { playRound } from './round.js';

process.on('disconnect', () => process.exit());
process.on('message', (job: Job) => {
  playRound(job).then(
    (outcome) => process.send?.({ outcome }),
    (error: unknown) => process.send?.({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
