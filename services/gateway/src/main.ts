import { runProcess } from '@parley/runtime';
import { startGateway } from './app.js';
import { readGatewayConfig } from './config.js';

await runProcess('gateway', (context) => startGateway(readGatewayConfig(context.settings), context));
