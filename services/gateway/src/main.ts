import { runProcess } from '@parley/runtime';
import { startApp } from './app.js';
import { readConfig } from './config.js';

await runProcess('gateway', (context) => startApp(readConfig(context.settings), context));
