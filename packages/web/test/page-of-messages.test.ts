/** Imports tests that share one stage, because setting it up takes longer than most of them. */
import './page-changes.js';
import './page-kept-text.js';
import './page-memory.js';
import './page-messages.js';
import './page-unsent.js';
