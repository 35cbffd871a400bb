import { VirtualClock } from "./clock";

// For mutants: a day in which nothing ends takes a busy machine longer than one is given, and no test takes as long as this.
VirtualClock.longest = 6 * 60 * 60 * 1000;
