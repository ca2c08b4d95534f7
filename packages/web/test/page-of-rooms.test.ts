/**
 * Imports test files that share one stage, because setting up a stage takes longer than most tests.
 */
import './page-forms.js';
import './page-list.js';
import './page-notices.js';
import './page-rooms.js';
import './page-states.js';
import './page-time.js';
import './page-truth.js';
import './page-simple.js'; // The last one: its rooms are public.
