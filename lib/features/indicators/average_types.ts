/** Moving averages by TA-Lib's number (`matype`). "" are those that are not in the table of indicators. */
export const averageTypes: readonly string[] = ["SMA", "EMA", "WMA", "DEMA", "TEMA", "TRIMA", "KAMA", "", "T3"];
