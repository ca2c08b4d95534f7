import { type RunningService, runProcess } from '../src/index.js';

/** Services by the name of their behaviour, which the test passes as an argument. */
const behaviours: Record<string, () => Promise<RunningService>> = {
  good: async () => service(async () => void process.stdout.write('stopped\n')),
  hangs: async () => service(() => new Promise(() => {})),
  failsToStop: async () => service(() => Promise.reject(new Error('no'))),
  failsToStart: async () => {
    throw new Error('the port is taken: choose another');
  },
  failsEverywhere: async () => {
    throw new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]);
  },
  outOfFiles: async () => {
    throw Object.assign(new Error('EMFILE: too many open files, open x'), { code: 'EMFILE' });
  },
  neverStarts: () => {
    process.stdout.write('starting\n');
    return new Promise(() => setInterval(() => {}, 1_000));
  },
  throws: async () => {
    setTimeout(() => {
      throw new Error('from a timer');
    }, 10);
    setTimeout(() => void Promise.reject(new Error('from a promise')), 20);
    return service(async () => {});
  },
};

function service(stop: () => Promise<void>): RunningService {
  setInterval(() => {}, 1_000);
  return { listens: { grpc: '127.0.0.1:1' }, stop };
}

const behaviour = behaviours[String(process.argv[2])] as () => Promise<RunningService>;
await runProcess('child', async ({ metrics }) => {
  process.on('message', async () => process.send?.({ metrics: await metrics.text() }));
  return behaviour();
});
