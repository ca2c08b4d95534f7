import { setUp } from './setup.mjs';

setUp();
await import('../packages/cli/dist/src/launcher/start.js');
