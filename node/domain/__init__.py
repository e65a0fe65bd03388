"""The rules of lending: pure functions of facts; a refusal is a value with a reason."""
