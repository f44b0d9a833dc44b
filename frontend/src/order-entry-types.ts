// The shapes that the entry page and the server exchange.
export interface Line {
  id: number | null;
  line_no: number;
  [field: string]: string | number | null;
}
export interface Fix {
  field: string;
  value: string;
  label: string;
}
export interface Finding {
  code: string;
  row: number | null;
  field: string;
  message: string;
  severity: "error" | "warning";
  short: string;
  fixes: Fix[];
  waiver: { id: number; by: string; at: string; reason: string } | null;
}
export interface Checked {
  lines: (Line & { amount: string })[];
  findings: Finding[];
  total: string;
  listed: string;
  difference: string;
  errors: number;
  warnings: number;
  waived: number;
  passed: string[];
}
export interface Saved {
  id: number;
  version: number;
  url: string;
  edit: string;
  submit: string;
  quote: string;
  waive: string;
  promise: string;
}
export interface Entry {
  id: number | null;
  version: number | null;
  lines: Line[];
  words: Record<string, string>;
  may_waive: boolean;
  urls: { save: string; check: string; products: string; customer: string; promise: string };
}
