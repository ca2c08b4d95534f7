import type { ServiceFacts } from '../run-file.js';
import { type Check, type Finding, fault, skipped, works } from './check.js';
import { unconnected } from './ports.js';
import type { Surroundings } from './surroundings.js';
import { readWeb } from './web-request.js';

async function readiness({ name, admin }: ServiceFacts, where: Surroundings): Promise<Finding> {
  const about = `${name} ${admin}`;
  try {
    const { status, body } = await readWeb(new URL(`http://${admin}/readyz`), where);
    if (status === 200) return works(about, 'The process is ready.');
    return fault(
      about,
      `The process is not ready: ${body.toString().trim()}`,
      `Read logs/${name}.log in the data folder.`,
    );
  } catch (thrown) {
    const { words } = unconnected(about, thrown);
    return fault(
      about,
      `The ops port does not respond. ${words}`,
      `Read logs/${name}.log in the data folder. \`npm start\` restarts a process that has ended.`,
    );
  }
}

/** Every process of the running `npm start` is ready. */
export function processesCheck(where: Surroundings): Check {
  const { run, data } = where;
  const examine = async (): Promise<Finding[]> => {
    if (run === undefined && data !== undefined)
      return [fault(data, 'No `npm start` runs with this data folder.', 'Start it, or choose the folder with --data.')];
    if (run === undefined)
      return [skipped('processes', 'No `npm start` runs here.', 'Request /readyz from the ops port of each process.')];
    return Promise.all(run.services.filter(({ admin }) => admin !== '').map((one) => readiness(one, where)));
  };
  return { name: 'processes', run: examine };
}
