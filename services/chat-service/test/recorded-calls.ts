import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { runProcess } from '@parley/runtime';
import { startChatService } from '../src/app.js';
import { readChatServiceConfig } from '../src/config.js';

const inspector = new Session();
const projectUrl = new URL('../../../../', import.meta.url).href;
const projectPath = fileURLToPath(projectUrl);

/**
 * Returns the hand-written source file of a compiled one of this project; undefined for all others.
 */
function sourceOf(url: string): string | undefined {
  const path = url.startsWith(projectUrl) ? url.slice(projectUrl.length) : url.replace(projectPath, '');
  const [, folder, file] = /^((?:packages|services)\/[^/]+)\/dist\/(src\/.+)\.js$/.exec(path) ?? [];
  return folder === undefined || file?.includes('/gen/') ? undefined : `${folder}/${file}.ts`;
}

/** Returns the source files in which any function was called since the last time. */
async function filesSince(): Promise<string[]> {
  const { result } = await inspector.post('Profiler.takePreciseCoverage');
  const called = result.filter(({ functions }) => functions.some(({ ranges }) => (ranges[0]?.count ?? 0) > 0));
  return called.flatMap(({ url }) => sourceOf(url) ?? []);
}

// A chat server that prints on SIGUSR2 which files have run since the last SIGUSR2.
inspector.connect();
await inspector.post('Profiler.enable');
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
process.on('SIGUSR2', () => void filesSince().then((files) => process.stdout.write(`ran ${JSON.stringify(files)}\n`)));
await runProcess('chat-service', (context) => startChatService(readChatServiceConfig(context.settings), context));
