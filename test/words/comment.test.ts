import { deniedText, missingText, postedText, unansweredText } from "../../src/words/comment";
import { golden } from "./golden";

golden("comment", {
	"the token may not write": deniedText("Resource not accessible by integration"),
	"the API does not do it": unansweredText("https://api.github.com/graphql", "502 Bad\nGateway"),
	"not on a pull request": missingText("the pull request", "--pull-request"),
	written: postedText({ url: "https://github.com/o/r/pull/1#issuecomment-2", updated: false }),
	updated: postedText({ url: "https://x", updated: true }),
	"nothing to do": postedText(undefined),
});
