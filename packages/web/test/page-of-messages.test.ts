/**
 * Imports test files that share one stage, because setting up a stage takes longer than most tests.
 */
import './page-changes.js';
import './page-kept-text.js';
import './page-long-day.js';
import './page-memory.js';
import './page-messages.js';
import './page-unsent.js';
