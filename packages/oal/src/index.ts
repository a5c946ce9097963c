export * from "oal-core";
