"""What readers note on recordings and whether they agree with the answers, kept on their own machine."""
