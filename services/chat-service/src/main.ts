import { runProcess } from '@parley/runtime';
import { startChatService } from './app.js';
import { readChatServiceConfig } from './config.js';

await runProcess('chat-service', (context) => startChatService(readChatServiceConfig(context.settings), context));
