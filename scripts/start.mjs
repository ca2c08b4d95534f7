import { setUp } from './setup.mjs';

setUp();
await import('../dist/command/start.js');
