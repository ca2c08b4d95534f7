/** Imports tests of the message list, which have a stage of their own because they take long. */
import './page-growth.js';
