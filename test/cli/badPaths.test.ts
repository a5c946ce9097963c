import { testBadPaths } from "./badPathsSuite.js";

testBadPaths(24);
