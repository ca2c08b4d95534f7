import { checkSchema, isRolledBack } from '@parley/database';
import { type Check, type Finding, fault, works } from './check.js';
import { withDatabase } from './database-access.js';
import { errorText } from './step.js';
import type { Surroundings } from './surroundings.js';

/** The database has exactly the migrations of this version. */
export function migrationsCheck(where: Surroundings): Check {
  const run = () =>
    withDatabase(where, async (pool, about): Promise<Finding[]> => {
      try {
        await checkSchema(pool);
        return [works(about, 'The database has the migrations of this version.')];
      } catch (thrown) {
        if (isRolledBack(thrown)) throw thrown;
        const [words = '', ...advice] = errorText(thrown).split('. ');
        return [fault(about, `${words}.`, `${advice.join('. ')}.`)];
      }
    });
  return { name: 'migrations', run };
}
