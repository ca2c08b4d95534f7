import { runProcess } from '@parley/runtime';
import { startUserService } from './app.js';
import { readUserServiceConfig } from './config.js';

await runProcess('user-service', (context) => startUserService(readUserServiceConfig(context.settings), context));
