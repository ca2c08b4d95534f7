/**
 * Kills the chat server, the manager and PostgreSQL of a busy Parley with -9, in turn, and checks what everybody was
 * acked and heard against the table. `node scripts/drills/durable.mjs [rounds=50] [--short] [--away seconds]`; exit
 * code 1 where something acked was lost, stored twice or heard in another order.
 */
import { setUp } from '../setup.mjs';

setUp();
await import('../dist/src/drills/main.js');
