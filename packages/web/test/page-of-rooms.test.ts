/** Imports tests that share one stage, because setting it up takes longer than most of them. */
import './page-forms.js';
import './page-list.js';
import './page-notices.js';
import './page-rooms.js';
import './page-states.js';
import './page-time.js';
import './page-truth.js';
