"""What boards send and receive, whatever protocol it belongs to: roles, questions and answers, health reports."""
