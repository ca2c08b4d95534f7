import { runProcess } from '@parley/runtime';
import { startChannelService } from './app.js';
import { readChannelServiceConfig } from './config.js';

await runProcess('channel-service', (context) =>
  startChannelService(readChannelServiceConfig(context.settings), context),
);
