/**
 * Imports test files that share one stage, because setting up a stage takes longer than most tests.
 */
import './page-chats.js';
import './page-files.js';
import './page-large.js';
import './page-polyglots.js';
import './page-renders.js';
