import { runProcess } from '@parley/runtime';
import { startApp } from './app.js';
import { readConfig } from './config.js';

await runProcess('user-service', (context) => startApp(readConfig(context.settings), context));
